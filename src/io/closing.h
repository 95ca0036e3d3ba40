// SPDX-License-Identifier: ISC
// The end of a stream socket in such a way that what was sent before arrives. Closing a TCP socket
// that holds unread input sends a reset, and a reset destroys what is still on its way; so input is
// dropped, and the other kernel's acknowledgement awaited, before the socket is closed.
#ifndef SOCKCTL_IO_CLOSING_H
#define SOCKCTL_IO_CLOSING_H

#include "io/timer.h"

enum closing_how {
	CLOSING_ORDERLY, // the other side reads an end of file
	CLOSING_RESET, // the other side gets an error once it has what was sent: the stream is torn
};

// ERROR is 0, or a negative errno if the other side will never have it all. The callback may
// destroy the closing.
typedef void closing_fn(void *data, int error);

struct closing;

// Takes over FD. Nothing is called back from here.
struct closing *closing_create(
	uv_loop_t *loop, int fd, enum closing_how how, closing_fn *done, void *data);

// Closes the socket at once if it is not yet. NULL does nothing.
void closing_destroy(struct closing *c);

// How many bytes were sent that the kernel at the other end of a TCP socket has not acknowledged
// yet, the end of file counting as one; a negative errno if it never will; 0 for sockets of other
// kinds.
int unacknowledged(int fd);

#endif
