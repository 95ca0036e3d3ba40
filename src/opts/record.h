// SPDX-License-Identifier: ISC
// --record and --record-hex: what passes in both directions, in a file; and --hex, which shows it.
#ifndef SOCKCTL_OPTS_RECORD_H
#define SOCKCTL_OPTS_RECORD_H

#include "app.h"
#include "out/hexdump.h"

#include <stdbool.h>
#include <stddef.h>

struct recording;

struct record_config {
	const char *file, *hex_file; // NULL: none
	bool append;
	struct recording *recording; // NULL until record_open(), and where no file is wanted
};

extern const struct opt record_opts[];

static inline bool record_is_wanted(const struct record_config *c)
{
	return c->file || c->hex_file;
}

// Opens the files; what is in them stays until the first connection, or for good with --append.
// Returns 0 or the exit status after a message.
int record_open(struct app *app, struct record_config *c);

// Closes them and says if what was written last does not fit. May be called without record_open().
void record_close(struct record_config *c);

enum record_direction {
	RECORD_SENT,
	RECORD_RECEIVED,
};

// One connection of those that are recorded or shown.
struct record_tap {
	struct app *app;
	struct recording *recording; // NULL: only shown
	bool is_shown;
	struct hexdump shown[2], written[2]; // by enum record_direction
};

// A connection begins, the first of which empties the files. A failure ends the run.
void record_tap_init(
	struct record_tap *t, struct app *app, const struct record_config *c, bool is_shown);

// These bytes pass. A file that takes no more ends the run with a message.
void record_tap_add(
	struct record_tap *t, enum record_direction direction, const void *data, size_t len);

#endif
