// SPDX-License-Identifier: ISC
// The datagram side of an echo server: a bound socket whose datagrams go back to where they came
// from, many at a time.
//
// Some are never answered, for two programs that answer each other would never stop: what comes
// from the ports of the small services (echo 7, discard 9 is silent, daytime 13, qotd 17, chargen
// 19, time 37), and what comes from the socket's own port number, which is the socket itself or may
// be another server like it.
#ifndef SOCKCTL_NET_ECHO_ECHO_DATAGRAM_H
#define SOCKCTL_NET_ECHO_ECHO_DATAGRAM_H

#include "base/sockaddr.h"
#include "io/watch.h"
#include "net/dgram/rest.h"
#include "net/loan.h"

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

struct echo_datagram_counts {
	uint64_t received, received_bytes;
	uint64_t sent, sent_bytes;
	uint64_t refused; // from senders that get no answer
	uint64_t truncated; // longer than what can be sent back
	uint64_t failed; // the answer could not be sent
	uint64_t dropped; // by the kernel, for want of room
};

void echo_datagram_counts_add(
	struct echo_datagram_counts *sum, const struct echo_datagram_counts *c);

struct echo_datagrams {
	int fd;
	struct sockaddr_any local;
	struct echo_datagram_counts counts;

	// Tells whether a sender gets answers. NULL: everybody does.
	bool (*may_send)(void *data, const struct sockaddr_any *source);
	// Told when the system has no memory to hand datagrams out with; they wait. The same with
	// -EINVAL when another owner has shut the socket down. May be NULL.
	short_fn *on_short;
	void *data; // the owner's

	struct loan loan; // of a socket that may be inherited
	struct watch watch;
	struct rest rest;
	struct echo_batch *batch;
};

// Gives a datagram socket a receive buffer in which much can wait. Its user may say otherwise
// after that.
void echo_datagrams_make_room(int fd);

// Serves the bound datagram socket FD, which stays the caller's. LOCAL is its address. INHERITED as
// in struct bound_socket. Returns 0 or a negative errno.
int echo_datagrams_init(struct echo_datagrams *e, uv_loop_t *loop, int fd, bool is_inherited,
	const struct sockaddr_any *local);

// Ends the service and completes the counts, which stay. Does nothing on a zeroed struct.
void echo_datagrams_fini(struct echo_datagrams *e);

#endif
