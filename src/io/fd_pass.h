// SPDX-License-Identifier: ISC
// Passing a descriptor to another process over a Unix socket (unix(7), SCM_RIGHTS).
#ifndef SOCKCTL_IO_FD_PASS_H
#define SOCKCTL_IO_FD_PASS_H

#include <stdbool.h>

// True if a descriptor could be passed over FD: it is a Unix socket.
bool fd_can_pass(int fd);

// Passes FD over the Unix socket OVER, which keeps its mode, together with a byte of zero, without
// which nothing would arrive. Both stay the caller's. Returns 0, -EAGAIN while OVER is full, or
// another negative errno.
int fd_pass(int over, int fd);

#endif
