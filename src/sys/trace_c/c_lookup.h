// SPDX-License-Identifier: ISC
// Statements of a trace in C that look up and convert, and show what they find: on stdout, or on
// stderr where stdout is for what a connection brings.
#ifndef SOCKCTL_SYS_TRACE_C_C_LOOKUP_H
#define SOCKCTL_SYS_TRACE_C_C_LOOKUP_H

#include "sys/trace_c/c_statement.h"

#include <stdbool.h>

void c_add_getaddrinfo(struct c_statement *t);
void c_add_getnameinfo(struct c_statement *t);

// A call whose result can be shown. Returns false, and adds nothing, where it is none.
bool c_add_shown(struct c_statement *t);

#endif
