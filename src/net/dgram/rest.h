// SPDX-License-Identifier: ISC
// A bound socket that is announced as readable without end, and hands out no datagrams: the system
// has no memory for them, or another owner has shut the socket down. It is left alone for a moment.
#ifndef SOCKCTL_NET_DGRAM_REST_H
#define SOCKCTL_NET_DGRAM_REST_H

#include "io/timer.h"
#include "io/watch.h"

#include <stdbool.h>
#include <stdint.h>

// A rest begins: -ENOMEM, -ENOBUFS, or -EINVAL for a socket that was shut down. Called once until
// something comes again.
typedef void short_fn(void *data, int error);

struct rest {
	struct watch *watch; // of the socket; the owner's
	bool is_inherited; // others own the socket, too
	short_fn *on_short;
	void *data;
	struct timer timer;
	uint64_t ms; // the last one; 0: something has come since
};

// The rest begins later, and the watch may do so, too.
void rest_init(struct rest *r, uv_loop_t *loop, struct watch *watch, bool is_inherited,
	short_fn *on_short, void *data);

// Takes note of what a call has received: N datagrams, or a negative errno. Rests if need be.
void rest_note(struct rest *r, int n);

// Does nothing on a zeroed one.
void rest_fini(struct rest *r);

#endif
