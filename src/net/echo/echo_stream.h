// SPDX-License-Identifier: ISC
// The stream side of an echo server: connections whose bytes are sent back. A connection has no
// buffer of its own except while it has bytes that its client does not take; until they are gone
// nothing more is read from it. So memory is bounded, and next to none while nothing happens.
#ifndef SOCKCTL_NET_ECHO_ECHO_STREAM_H
#define SOCKCTL_NET_ECHO_ECHO_STREAM_H

#include "base/list.h"
#include "base/sockaddr.h"
#include "io/pollset.h"
#include "io/timer.h"

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

enum echo_end {
	ECHO_DONE, // the client ended it and has got all
	ECHO_BROKEN, // an error ended it
	ECHO_IDLE, // nothing happened for the idle time
	ECHO_STOPPED, // by echo_streams_fini()
};

// A connection that has ended.
struct echo_closed {
	uint64_t number;
	struct sockaddr_any remote;
	uint64_t started; // trace_now()
	uint64_t start_time; // ns since 1970
	uint64_t received, sent; // bytes
	enum echo_end end;
	int error; // negative errno with ECHO_BROKEN
};

// Called by the thread of the loop.
typedef void echo_closed_fn(void *data, const struct echo_closed *closed);

// The connections of one loop.
struct echo_streams {
	uv_loop_t *loop;
	struct pollset pollset;
	struct list connections; // the longest idle first
	uint64_t open;
	uint64_t bytes; // sent back in all
	char *buffer; // what is read before it is sent back, for all of them
	bool keeps_records; // for what CLOSED is told about each; false saves the memory
	uint64_t idle_ms; // 0: a client may be silent for ever
	struct timer idle;
	void (*on_leave)(void *data); // a connection has gone
	echo_closed_fn *on_closed; // with keeps_records
	void *data; // the owner's
};

// Sets loop and data, and allocates what is shared; the caller sets the rest before the first
// connection. Returns 0 or a negative errno.
int echo_streams_init(struct echo_streams *s, uv_loop_t *loop, void *data);

// Serves the connected, non-blocking socket FD, which becomes ours. NUMBER and REMOTE are for the
// record. Returns 0 or a negative errno; then FD is closed.
int echo_streams_add(
	struct echo_streams *s, int fd, uint64_t number, const struct sockaddr_any *remote);

// Closes what is open. Does nothing on a zeroed struct.
void echo_streams_fini(struct echo_streams *s);

#endif
