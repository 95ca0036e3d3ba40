// SPDX-License-Identifier: ISC
// The program that a trace in C becomes: its statements, what they need before main(), and what
// other processes add to it.
#ifndef SOCKCTL_SYS_TRACE_C_C_PROGRAM_H
#define SOCKCTL_SYS_TRACE_C_C_PROGRAM_H

#include "base/str.h"
#include "sys/trace_c/c_parts.h"

#include <stdint.h>

// Takes a line of the program, with its newline.
typedef void c_write_fn(void *arg, const char *line, size_t len);

// Begins a program; WRITE gets it line by line, at the end or once it has become too large to be
// kept.
void c_program_begin(c_write_fn *write, void *arg);
void c_program_end(void);

// Adds lines, which are indented here, and says what they need.
void c_program_add(const struct str *lines, unsigned needs);

// What is added from now on is what this thread does; 0 stands for the first. Returns false where
// it is too late for another thread, for the head of the program is written.
bool c_program_thread(unsigned number);

// Before a thread closes what others share, or waits for their end: adds the statement that waits
// until all have come so far, unless it has done so.
void c_add_wait_for_end(struct str *s);

// The port that the program takes as its argument, in host order: NUMBER unless there is one
// already. Returns whether it is this one.
bool c_program_port(uint16_t number);

// The same for a port that the kernel has chosen for descriptor FD (c_marks.h). It is given up when
// the program itself connects to it, for then any will do.
void c_program_chosen_port(int fd, uint16_t number);
void c_program_give_up_port(uint16_t number);

// Around fork(2): what the new process adds goes to its parent, which puts it where it belongs.
void c_program_before_fork(void);
void c_program_in_child(void);

// In the parent: adds OPENING, the statements of the child up to that which made it another
// program, and the end of the block.
void c_program_add_child(const struct str *opening);

#endif
