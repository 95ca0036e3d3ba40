// SPDX-License-Identifier: ISC
// Clients that were accepted and on whose connections something has to happen before they are
// served: a PROXY header, TLS. They have a limit in time and in number of their own, so that those
// who stall hold up nobody and count for nothing.
#ifndef SOCKCTL_SESSION_ARRIVING_H
#define SOCKCTL_SESSION_ARRIVING_H

#include "base/list.h"
#include "io/closing.h"
#include "io/timer.h"
#include "net/access.h"
#include "net/upgrade.h"
#include "proxy/header.h"
#include "tls/upgrade.h"

#include <uv.h>

struct arriving;

// One of them.
struct arrival {
	struct arriving *arriving;
	struct list link;
	struct sockaddr_any peer; // who has connected
	uint64_t began; // uv_now()
	struct proxy_header header; // what it has announced
	struct upgrade_chain *chain;
	struct closing *closing; // of one that was refused
};

// It has arrived and does not count any more: its channel is arrival_take()'s. The arrival is freed
// after the callback.
typedef void arrived_fn(struct arrival *a);

// It will not, for REASON, and does not count any more. It is freed after the callback.
typedef void arrival_failed_fn(struct arrival *a, const char *reason);

// There is room for more, or may be (arriving_has_room()).
typedef void arriving_room_fn(struct arriving *a);

struct arriving_options {
	uv_loop_t *loop;
	bool accepts_proxy; // a PROXY header comes first
	struct tls_plan *tls; // then TLS; NULL: it is not spoken
	uint64_t limit_ms; // for all that has to happen
	size_t most; // at once; the oldest gives way, first of those that have said nothing, once
		     // it had a moment to arrive
	arrived_fn *arrived;
	arrival_failed_fn *failed;
	arriving_room_fn *has_room;
	void *data; // the owner's
};

// Zeroed means none.
struct arriving {
	struct arriving_options options;
	struct list list; // the oldest first
	struct list refused; // who is still to hear why, and counts no more
	size_t refused_count;
	size_t count;
	struct tally tally;
	struct timer room; // until the oldest may give way
};

void arriving_init(struct arriving *a, const struct arriving_options *options);
void arriving_fini(struct arriving *a);

// True if something has to happen before a client can be served.
bool arriving_is_needed(const struct arriving *a);

// False while as many are arriving as may, and none of them can give way yet: the next is better
// not accepted before options.has_room().
bool arriving_has_room(const struct arriving *a);

// PEER has connected. Takes over CHANNEL. May call back.
void arriving_add(struct arriving *a, struct channel *channel, const struct sockaddr_any *peer);

struct channel *arrival_take(struct arrival *a);

#endif
