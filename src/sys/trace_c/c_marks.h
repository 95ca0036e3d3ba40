// SPDX-License-Identifier: ISC
// Marks in the statements of a trace in C, for what is known later: whether other threads use a
// variable, which child is killed, whose port the kernel has chosen.
#ifndef SOCKCTL_SYS_TRACE_C_C_MARKS_H
#define SOCKCTL_SYS_TRACE_C_C_MARKS_H

#include "base/str.h"

#include <stdbool.h>
#include <sys/types.h>

// Forgets everything, for a new program.
void c_marks_forget(void);

// Where the first thread declares the variable of descriptor FD.
void c_add_declaration(struct str *s, int fd);

// Where the process PID is forked: "if (fork() == 0) {".
void c_add_fork(struct str *s, pid_t pid);

// Whether the process PID was forked, and not by another.
bool c_is_child(pid_t pid);

// Adds the variable that has the number of that process, and returns true if there is one. Then its
// fork must not have been settled yet.
bool c_add_child(struct str *s, pid_t pid);

// A port that the kernel chooses for descriptor FD.
void c_add_chosen_port(struct str *s, int fd);

// Adds what stands before main() for the declarations in TEXT, which threads share: "static int
// fd9;". From then on these are left out.
void c_add_shared(struct str *s, const char *text);

// Adds TEXT with what is known by now in the place of its marks. CHOSEN is the descriptor whose
// port is the program's argument, or -1.
void c_settle(struct str *s, const char *text, int chosen);

#endif
