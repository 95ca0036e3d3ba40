// SPDX-License-Identifier: ISC
// A command line that is run once for each of several ports, one run after the other.
#ifndef SOCKCTL_COMPAT_TURNS_H
#define SOCKCTL_COMPAT_TURNS_H

#include "compat/cmdline.h"

// Runs the line, which has PORT now, and ends the process with one of enum status.
typedef void turns_run_fn(void *data, const char *port);

// Has RUN called for each port of LINE, in the order in which they stand there, each in a process
// of its own that is waited for. Returns 0 if a run succeeded and no transfer was cut off, or the
// status of the run that says why not; a negative errno if no process can be started.
int turns_run(struct cmdline *line, turns_run_fn *run, void *data);

#endif
