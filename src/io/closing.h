// SPDX-License-Identifier: ISC
// The end of a channel in such a way that what was sent before arrives. Closing a TCP socket that
// holds unread input sends a reset, and a reset destroys what is still on its way; so input is
// dropped, and the other kernel's acknowledgement awaited, before the socket is closed.
#ifndef SOCKCTL_IO_CLOSING_H
#define SOCKCTL_IO_CLOSING_H

#include "io/channel.h"
#include "io/timer.h"

// Asks again and again, for no event tells of an acknowledgement: soon at first, and then less and
// less often.
struct ack_wait {
	struct timer timer;
	uint64_t ms; // of the next wait
};

void ack_wait_init(struct ack_wait *w, uv_loop_t *loop, timer_fn *cb, void *data);
void ack_wait_start(struct ack_wait *w); // calls back once
void ack_wait_stop(struct ack_wait *w);
void ack_wait_fini(struct ack_wait *w); // does nothing on a zeroed one

enum closing_how {
	CLOSING_ORDERLY, // the other side reads an end of file
	CLOSING_RESET, // the other side gets an error once it has what was sent: the stream is torn
};

// ERROR is 0, or a negative errno if the other side will never have it all: -ETIMEDOUT if it did
// not take it in time. The callback may destroy the closing.
typedef void closing_fn(void *data, int error);

struct closing;

// Takes over the channel of a socket. LIMIT_MS is how long the other side may take nothing; 0: for
// ever. Nothing is called back from here.
struct closing *closing_create(uv_loop_t *loop, struct channel *channel, enum closing_how how,
	uint64_t limit_ms, closing_fn *done, void *data);

// Closes the socket at once if it is not yet. NULL does nothing.
void closing_destroy(struct closing *c);

#endif
