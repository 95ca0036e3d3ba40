// SPDX-License-Identifier: ISC
// Terminals: traced wrappers as in sys/socket.h, and all of it is housekeeping.
#ifndef SOCKCTL_SYS_TTY_H
#define SOCKCTL_SYS_TTY_H

#include <stdbool.h>
#include <sys/types.h>
#include <termios.h>

bool sys_isatty(int fd);

// Each is left alone where the terminal has none.
int sys_window_size(int fd, unsigned *lines, unsigned *columns);

int sys_tcgetattr(int fd, struct termios *t);
int sys_tcsetattr(int fd, int when, const struct termios *t); // WHEN: TCSANOW, TCSAFLUSH
pid_t sys_tcgetpgrp(int fd);

#endif
