// SPDX-License-Identifier: ISC
// Statements of a trace in C that set sockets up: addresses and options.
#ifndef SOCKCTL_SYS_TRACE_C_C_SOCKET_H
#define SOCKCTL_SYS_TRACE_C_C_SOCKET_H

#include "sys/trace_c/c_statement.h"

void c_add_accept(struct c_statement *t);
void c_add_bind(struct c_statement *t);
void c_add_connect(struct c_statement *t);
void c_add_get_address(struct c_statement *t); // getsockname, getpeername
void c_add_getsockopt(struct c_statement *t);
void c_add_setsockopt(struct c_statement *t);

#endif
