// SPDX-License-Identifier: ISC
// The words of a statement in C: bytes, addresses, options and other arguments of a call.
#ifndef SOCKCTL_SYS_TRACE_C_C_WORDS_H
#define SOCKCTL_SYS_TRACE_C_C_WORDS_H

#include "base/str.h"
#include "sys/trace.h"

// A string literal.
void c_add_bytes(struct str *s, const void *data, size_t len);

// The same, in several lines where it is long, or where buf has the bytes because they were
// received.
void c_add_data(struct str *s, const void *data, size_t len);

// A pointer to a struct sockaddr and its length. What is not known from a call before is a compound
// literal; its port may be the argument of the program.
void c_add_address(struct str *s, const struct sockaddr *sa, socklen_t len);

// The same to be bound to descriptor BOUND, for which the kernel may choose the port.
void c_add_bound_address(struct str *s, const struct sockaddr *sa, socklen_t len, int bound);

// "fd9", or the number of one that the program did not open.
void c_add_fd(struct str *s, int fd);

// "LEVEL, OPTION".
void c_add_option(struct str *s, const struct trace_arg *a);

// Any argument; what a call returns through it goes to the variable that the program has for it.
void c_add_arg(struct str *s, const struct trace_arg *a);

#endif
