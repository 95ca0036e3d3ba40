// SPDX-License-Identifier: ISC
// The mode of the terminal that somebody types at, and its way back: whatever ends or stops the
// process, short of SIGKILL and SIGSTOP, the terminal is as it was before. A process has one such
// terminal, for signals must find it.
#ifndef SOCKCTL_IO_TERMINAL_MODE_H
#define SOCKCTL_IO_TERMINAL_MODE_H

#include <stdbool.h>
#include <uv.h>

enum terminal_mode {
	TERMINAL_LINES, // edited by the terminal; one more character ends a line
	TERMINAL_KEYS, // each key at once and unseen; those that send signals still do
	TERMINAL_RAW, // nothing is changed in either direction, and no key is special
};

// Takes the terminal that FD is. In TERMINAL_LINES the byte END also ends a line and is delivered
// with it; -1 for none. While the process is stopped the terminal is as it was; in the background
// it is left alone. Returns 0 or a negative errno.
int terminal_take(uv_loop_t *loop, int fd, int end, enum terminal_mode mode);

// Changes the mode of what was taken, or sets it again where it could not be set before.
void terminal_set_mode(enum terminal_mode mode);

// The next key that was typed at it, or -1. Does not wait once a watch says that there is one.
int terminal_read_key(void);

// Shows text on it as far as it takes that at once. Lines end in "\r\n".
void terminal_show(const char *text);

// Stops the process and those that share its job, as Ctrl-Z does.
void terminal_suspend(void);

// The terminal is as it was from now on. Does nothing if none was taken, or twice.
void terminal_give_back(void);

#endif
