// SPDX-License-Identifier: ISC
// A statement of a trace in C, and what most of them consist of.
#ifndef SOCKCTL_SYS_TRACE_C_C_STATEMENT_H
#define SOCKCTL_SYS_TRACE_C_C_STATEMENT_H

#include "base/str.h"
#include "sys/trace.h"

#include <sys/types.h>

struct c_statement {
	const struct trace_call *call;
	struct str text; // lines, not indented
	unsigned needs; // enum c_need
};

// Calls of other processes than FIRST say whose they are.
void c_statement_begin(pid_t first);

// Ends the first line of the statement with what the call returned, as a comment.
void c_end_line(struct c_statement *t);

// The call as a comment, with a reason unless WHY is NULL.
void c_add_comment(struct c_statement *t, const char *why);

// The arguments of the call.
void c_add_args(struct c_statement *t);

// if (CALL < 0), and what happens then: the second alone.
void c_add_checked(struct c_statement *t);
void c_add_failure(struct c_statement *t);
void c_add_failure_of(struct c_statement *t, const char *name); // of another call than that traced

// "fd9 = ", which is declared when it is first used.
void c_add_fd_target(struct c_statement *t, int fd);

// A call that returns a descriptor, whose arguments are ARGS.
void c_add_opening(struct c_statement *t, const char *args);

// Waits for EVENTS, such as "POLLIN".
void c_await(struct c_statement *t, int fd, const char *events);

// Declares the variable for an address that is to be returned (c_known.h), or gives it room again,
// and adds to ARGS where it goes.
void c_add_address_out(struct c_statement *t, struct str *args, int fd, int peer);

#endif
