// SPDX-License-Identifier: ISC
// Statements of a trace in C that move bytes.
#ifndef SOCKCTL_SYS_TRACE_C_C_TRANSFER_H
#define SOCKCTL_SYS_TRACE_C_C_TRANSFER_H

#include "sys/trace_c/c_statement.h"

void c_add_recv(struct c_statement *t);
void c_add_recvfrom(struct c_statement *t);
void c_add_recvmmsg(struct c_statement *t);
void c_add_read(struct c_statement *t); // and pread
void c_add_send(struct c_statement *t);
void c_add_sendto(struct c_statement *t);
void c_add_sendmsg(struct c_statement *t);
void c_add_sendmmsg(struct c_statement *t);
void c_add_write(struct c_statement *t); // and pwrite
void c_add_writev(struct c_statement *t);

#endif
