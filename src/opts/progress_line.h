// SPDX-License-Identifier: ISC
// --progress: one line on stderr that says how far a command has come. On a terminal it is drawn
// again and again; elsewhere only the last one is written.
#ifndef SOCKCTL_OPTS_PROGRESS_LINE_H
#define SOCKCTL_OPTS_PROGRESS_LINE_H

#include "app.h"
#include "io/timer.h"

// Adds the line, without its end. ELAPSED: ns since the progress_line was started.
typedef void progress_line_fn(const void *data, uint64_t elapsed, struct str *line);

struct progress_line {
	struct app *app;
	progress_line_fn *add;
	const void *data; // the owner's
	struct timer timer;
	uint64_t started; // trace_now()
	bool is_wanted;
};

// Begins to draw if IS_WANTED and it can be seen, once the loop runs. With JSON nothing is drawn:
// the events at the end say the same.
void progress_line_start(struct progress_line *m, struct app *app, bool is_wanted,
	progress_line_fn *add, const void *data);

// Takes the line away until it is drawn the next time: something else wants to be there.
void progress_line_hide(struct progress_line *m);

// Draws for the last time. Does nothing on a zeroed progress_line, or twice.
void progress_line_end(struct progress_line *m);

// Ends it without a last line.
void progress_line_fini(struct progress_line *m);

#endif
