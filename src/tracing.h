// SPDX-License-Identifier: ISC
// What --trace shows: the calls of src/sys, which the reporter writes as text or as a program in C.
#ifndef SOCKCTL_TRACING_H
#define SOCKCTL_TRACING_H

#include "out/report.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct tracing {
	struct reporter *out; // borrowed
	uint64_t started; // trace_now() when the trace began
	pid_t pid; // of the program, and not of one that it is about to start
	bool shows_all; // also what serves the program and not its user
};

// Shows calls from now on, as text or in C. T is borrowed until the end.
void tracing_begin(struct tracing *t, bool in_c);

// Does nothing where none has begun.
void tracing_end(void);

#endif
