// SPDX-License-Identifier: ISC
// A terminal that something is shown on in place.
#ifndef SOCKCTL_IO_TERMINAL_H
#define SOCKCTL_IO_TERMINAL_H

#include "base/str.h"

#include <stdbool.h>

bool terminal_is(int fd);

// The columns of the terminal; 0 if FD is none, or it does not know.
// Whether it may be read: not while it is that of other processes, which run in the foreground. One
// that controls no session is nobody else's.
bool terminal_is_ours(int fd);

unsigned terminal_columns(int fd);

// Adds to OUT what replaces the picture on the terminal by TEXT (ECMA-48): lines that are too long
// or too many are cut, and how many are left out is said at the end.
void terminal_add_frame(struct str *out, int fd, const struct str *text, bool first);

#endif
