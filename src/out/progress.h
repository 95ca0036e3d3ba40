// SPDX-License-Identifier: ISC
// How far a transfer has come, in one line.
#ifndef SOCKCTL_OUT_PROGRESS_H
#define SOCKCTL_OUT_PROGRESS_H

#include "base/str.h"

#include <stdint.h>

struct progress {
	uint64_t sent, received; // bytes so far
	uint64_t total; // bytes that will be sent in all; 0 if nobody knows
	uint64_t elapsed; // ns
};

// Adds "12.3 MiB sent, 0 B received, 45.2 MiB/s, 37%, 0:12 left".
void progress_add(struct str *out, const struct progress *p);

// Adds ", 37%, 0:12 left".
void progress_add_left(struct str *out, uint64_t done, uint64_t total, uint64_t elapsed);

// Adds "120 of 1000 ports, 12%, 0:40 left", or "120 datagrams, 60/s" if TOTAL is 0. WHAT is what
// was counted, ELAPSED in nanoseconds.
void progress_add_count(
	struct str *out, const char *what, uint64_t count, uint64_t total, uint64_t elapsed);

// Leaves out of a line that is too long for a terminal of COLUMNS, unless these are 0, the parts at
// its beginning: what is left is at its end.
void progress_fit(struct str *line, size_t columns);

// Adds a number of bytes for people: "512 B", "12.3 MiB".
void str_add_bytes(struct str *out, double bytes);

#endif
