// SPDX-License-Identifier: ISC
// What a confined process may not do is tried in a process of its own, for there is no way back.
#ifndef SOCKCTL_TESTS_UNIT_ATTEMPT_H
#define SOCKCTL_TESTS_UNIT_ATTEMPT_H

#include "sys/sandbox/sandbox.h"

#define NOT_ENTERED 254 // the status of a process that could not be confined

typedef int enter_fn(const struct sandbox *s);

// What an attempt returns: 0, or the errno.
typedef int attempt_fn(void);

// Confines a process by the filter and by Landlock, as the program does.
int enter(const struct sandbox *s);

// Returns what ATTEMPT returned after ENTER_IT in a process of its own, or -SIGNAL.
int attempt_after(enter_fn *enter_it, const struct sandbox *s, attempt_fn *attempt);

// What a system call that returned R comes to: 0, or the errno.
int result_of(long r);

int open_it(const char *path, int flags);

// Attempts.
int read_hosts(void);
int write_hosts(void);
int read_memory(void);
int create_file(void);
int run_program(void);
int signal_parent(void);

#endif
