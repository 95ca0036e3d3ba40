// SPDX-License-Identifier: ISC
// The other addresses of a name that datagrams are sent to by a connected socket. Nobody answers
// the connecting, so that an address that refuses is known by an ICMP message only, once datagrams
// have been sent. What was sent is kept until then, and the next address gets all of it. An address
// is the right one, for good, when something has come from it, when it has not refused for a few
// seconds, or when more was sent to it than is kept.
#ifndef SOCKCTL_NET_DGRAM_FALLBACK_H
#define SOCKCTL_NET_DGRAM_FALLBACK_H

#include "base/fifo.h"
#include "base/sockaddr.h"
#include "net/names/lookup.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

// How another address takes the place of the one at hand.
struct fallback_means {
	// Goes on by a socket that is connected to TO. Returns it, or a negative errno; then
	// nothing has changed.
	int (*move)(void *data, const struct sockaddr_any *to);

	// Returns a negative errno unless the datagram went.
	int (*send)(void *data, const struct iovec *datagram);
	void *data;
};

// Who wants to know.
struct fallback_listener {
	// REMOTE has refused what was sent, or cannot be connected to.
	void (*on_refused)(void *data, const struct sockaddr_any *remote, const char *reason);

	// REMOTE has taken its place, by the connected socket FD.
	void (*on_moved)(void *data, const struct sockaddr_any *remote, int fd);
	void *data;
};

// Zeroed, there is no other address.
struct fallback {
	struct fallback_means means;
	struct fallback_listener listener;

	// Private.
	struct sockaddr_any at; // where datagrams go
	struct address_list rest; // empty once the right address is known
	size_t next; // of these
	uint64_t since; // ns of CLOCK_MONOTONIC, when something was sent to it first; 0: not yet
	struct fifo kept; // what it has got
	struct fifo again; // what it is to get of what others have refused
};

// Datagrams go to AT; REST, which is taken over, may take its place. Set means and listener.
void fallback_init(struct fallback *f, const struct sockaddr_any *at, struct address_list rest);
void fallback_fini(struct fallback *f);

// These were sent.
void fallback_sent(struct fallback *f, const struct iovec *datagrams, size_t count);

// Something has come.
void fallback_settle(struct fallback *f);

// A call on the socket has met ERROR, a negative errno. Returns true if that is a refusal for which
// another address has taken the place; fallback_resend() is due then.
bool fallback_move(struct fallback *f, int error, const char *reason);

// Sends what others have refused, before anything else is sent. Returns 0 when all of it has gone,
// or a negative errno.
int fallback_resend(struct fallback *f);

// Bytes that this has left.
static inline size_t fallback_left(const struct fallback *f)
{
	return fifo_len(&f->again);
}

#endif
