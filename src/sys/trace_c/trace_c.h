// SPDX-License-Identifier: ISC
// The trace as a program in C that does again what was traced: it makes the same calls, waits with
// poll() where the program waited in its event loop, and ends with a message where a call fails
// that did not fail in the trace. What was sent is in it, what is received is received.
//
// Calls that cannot be made again, or would take something that is not there, stand in it as
// comments: those that found nothing to do (EAGAIN), what was read from files and stdin, what
// serves sockctl itself.
#ifndef SOCKCTL_SYS_TRACE_C_TRACE_C_H
#define SOCKCTL_SYS_TRACE_C_TRACE_C_H

#include "sys/trace.h"
#include "sys/trace_c/c_program.h"

#include <stdbool.h>
#include <sys/types.h>

// Begins the program, which WRITE gets line by line; calls of other processes than FIRST say whose
// they are.
void trace_c_begin(c_write_fn *write, void *arg, pid_t first);
void trace_c_end(void);

// Adds the statements for a call. Any thread may call it.
void trace_c_add(const struct trace_call *call);

// Around fork(2), in the parent before and in both processes after it.
void trace_c_before_fork(void);
void trace_c_after_fork(bool is_child);

// What follows on the descriptor is ciphertext, which no program can send again.
void trace_c_add_tls(int fd);

#endif
