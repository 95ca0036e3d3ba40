// SPDX-License-Identifier: ISC
// Credentials that stand in what a call sends, and that no trace may show.
#ifndef SOCKCTL_SYS_TRACE_SECRET_H
#define SOCKCTL_SYS_TRACE_SECRET_H

#include "sys/trace.h"

// The LEN bytes at DATA are credentials: the calls that this thread makes with them are traced with
// "<credentials>" in their place, filled up to their length at least, so that a program in C that
// sends as many bytes has them. NULL: there are none any more.
void trace_set_secret(const void *data, size_t len);

// Replaces them in CALL. What its arguments then point to is added to MASKED, which must be empty.
void trace_hide_secret(struct trace_call *call, struct str *masked);

#endif
