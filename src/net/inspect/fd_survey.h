// SPDX-License-Identifier: ISC
// What the calls of any descriptor do on a socket: each is made on a real connection, and its
// outcome stands beside what POSIX and the textbooks promise.
#ifndef SOCKCTL_NET_INSPECT_FD_SURVEY_H
#define SOCKCTL_NET_INSPECT_FD_SURVEY_H

#include "net/inspect/pair.h"

struct fd_survey_outcome {
	const char *call; // as the trace shows it: "fchdir(3) = -1 ENOTDIR (Not a directory)"
	const char *function; // "fchdir"
	long result; // as the call returns it
	const char *error; // "ENOTDIR", or NULL
	const char *promise; // "fails with ENOTDIR"
	const char *verdict; // "as promised", "differs" or "unspecified"
};

typedef void fd_survey_fn(const struct fd_survey_outcome *outcome, void *arg);

// Makes all calls, a callback each, within a few seconds. Returns 0, or a negative errno with what
// failed in *step when there is no connection to try them on.
int fd_survey_run(enum pair_kind kind, fd_survey_fn *cb, void *arg, enum step *step);

#endif
