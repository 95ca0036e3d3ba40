// SPDX-License-Identifier: ISC
// The trace as a program in C: each call as the statement that makes it, so that what a command did
// can be compiled, read and changed.
#ifndef SOCKCTL_SYS_TRACE_C_H
#define SOCKCTL_SYS_TRACE_C_H

#include "sys/trace.h"

#include <stdbool.h>
#include <sys/uio.h>

// What stands before the first statement and after the last: headers, main(), and the variables
// that calls write to.
void trace_c_begin(struct str *s);
void trace_c_end(struct str *s);

// Adds the call as one line without newline, its result as a comment:
//
//	int fd5 = socket(AF_INET6, SOCK_STREAM, 0); // = 5
//
// Descriptors that calls before have opened go by name. Any thread may call it.
void trace_c_format(struct str *s, const struct trace_call *call);

// Adds a string literal of the bytes.
void trace_c_add_bytes(struct str *s, const void *data, size_t len);

// Adds an array of struct iovec: what is sent, or a place for what is received.
void trace_c_add_iovec(struct str *s, const struct iovec *pieces, size_t count, bool sent);

// Adds a pointer to a struct sockaddr and its length, with SEPARATOR in between.
void trace_c_add_sockaddr(
	struct str *s, const struct sockaddr *sa, socklen_t len, const char *separator);

#endif
