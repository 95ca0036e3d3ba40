// SPDX-License-Identifier: ISC
// The trace as text: each call as a line.
#ifndef SOCKCTL_SYS_TRACE_TEXT_H
#define SOCKCTL_SYS_TRACE_TEXT_H

#include "base/str.h"
#include "sys/trace.h"

// Adds the call as one line without newline: connect(5, [::1]:443) = -1 EINPROGRESS (...)
void trace_format(struct str *s, const struct trace_call *call);

// Adds " [pid N]" where another process than FIRST made the call, " [tid N]" where another thread
// of it did.
void trace_add_caller(struct str *s, const struct trace_call *call, pid_t first);

// Parts of it: one argument; what stands behind the equals sign.
void trace_format_arg(struct str *s, const struct trace_arg *arg);
void trace_format_result(struct str *s, const struct trace_call *call);

#endif
