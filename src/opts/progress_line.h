// SPDX-License-Identifier: ISC
// --progress: one line on stderr that says how far a command has come. On a terminal it is drawn
// again and again; elsewhere only the last one is written.
#ifndef SOCKCTL_OPTS_PROGRESS_LINE_H
#define SOCKCTL_OPTS_PROGRESS_LINE_H

#include "app.h"
#include "io/timer.h"

// Adds the line, without its end. ELAPSED: ns since the meter was started.
typedef void meter_fn(const void *data, uint64_t elapsed, struct str *line);

struct meter {
	struct app *app;
	meter_fn *add;
	const void *data; // the owner's
	struct timer timer;
	uint64_t started; // trace_now()
	bool is_wanted;
};

// Begins to draw if IS_WANTED and it can be seen, once the loop runs. With JSON nothing is drawn:
// the events at the end say the same.
void meter_start(struct meter *m, struct app *app, bool is_wanted, meter_fn *add, const void *data);

// Takes the line away until it is drawn the next time: something else wants to be there.
void meter_hide(struct meter *m);

// Draws for the last time. Does nothing on a zeroed meter, or twice.
void meter_end(struct meter *m);

// Ends it without a last line.
void meter_fini(struct meter *m);

#endif
