// SPDX-License-Identifier: ISC
// Connects to very many addresses: many at once, and one after another on the same sockets.
//
// A socket whose connection was refused may connect again (connect(2), EINPROGRESS): asking once
// more tells the error and makes it free for the next address. So what is near, and answers before
// the call returns, costs two system calls and no socket of its own.
#ifndef SOCKCTL_NET_SCAN_PROBER_H
#define SOCKCTL_NET_SCAN_PROBER_H

#include "base/deadline_queue.h"
#include "io/watch.h"
#include "net/attempt.h"

#include <stdbool.h>
#include <stddef.h>
#include <uv.h>

struct prober;

enum prober_state {
	PROBER_FREE,
	PROBER_CONNECTING,
	PROBER_CONNECTED,
};

// A socket and what it does. While it is not free, link, data and index are
// the owner's.
struct prober_slot {
	struct deadline_link due;
	void *data;
	size_t index;

	uint64_t began; // trace_now()

	// Private.
	enum prober_state state;
	int fd; // -1: none
	struct sockaddr_any address; // it connects to
	bool is_watched;
};

// An attempt has ended: RESULT is 0 if it is connected, or a negative errno; then the slot must be
// taken out of its list, and is free after the callback. Or, with RESULT 1, a connected socket can
// be read.
typedef void prober_fn(void *data, struct prober_slot *slot, int result);

// Called after some of these. The callback may call prober_fini().
typedef void prober_done_fn(void *data);

struct prober_options {
	const struct attempt_options *socket; // borrowed
	size_t limit; // the most sockets at once
	prober_fn *on_event;
	prober_done_fn *on_done;
	void *data; // for both
};

struct prober {
	size_t limit; // of sockets; becomes less where the system does not give so many
	size_t busy; // sockets that are not free

	// Private.
	struct prober_options options;
	uv_loop_t *loop;
	int epoll; // -1: nothing had to be waited for yet
	struct watch watch; // of epoll
	struct prober_slot *slots;
	size_t count; // of the slots ever used
	size_t open; // sockets
	struct list idle[2]; // free slots with a socket: IPv6, and any other family
	struct list empty; // free slots without
};

void prober_init(struct prober *p, uv_loop_t *loop, const struct prober_options *options);

// Closes every socket. Does nothing on a zeroed prober.
void prober_fini(struct prober *p);

// Starts to connect. Returns 0 if the connection stands and -EINPROGRESS if it is under way: both
// with a slot in *slot. Or another negative errno, *step being what failed; -EMFILE while some are
// busy means that there are no more sockets, descriptors or ports to be had for now.
int prober_connect(
	struct prober *p, const struct sockaddr_any *a, struct prober_slot **slot, enum step *step);

// True if an attempt could start now.
bool prober_has_room(const struct prober *p);

// Says when a connected socket can be read.
int prober_listen(struct prober *p, struct prober_slot *slot);

// Gives up an attempt or closes a connection. The slot must be in no list.
void prober_release(struct prober *p, struct prober_slot *slot);

#endif
