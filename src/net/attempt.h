// SPDX-License-Identifier: ISC
// Sockets to connect from, made as the user asked: options set, and bound to an interface, an
// address or a port.
#ifndef SOCKCTL_NET_ATTEMPT_H
#define SOCKCTL_NET_ATTEMPT_H

#include "base/sockaddr.h"

#include <stdbool.h>

struct attempt_options {
	struct sockaddr_any
		bind; // len 0: let the kernel choose; a wildcard address sets the port alone
	const char *interface; // NULL: any
	bool is_brief; // for a moment only: without the defaults of stream_socket_set_defaults()

	// Prepares each socket before it is bound: 0 or a negative errno. May be NULL.
	int (*prepare)(void *data, int fd);
	void *prepare_data;
};

// What is done to a socket, in this order.
enum attempt_step {
	ATTEMPT_SOCKET,
	ATTEMPT_INTERFACE,
	ATTEMPT_PREPARE,
	ATTEMPT_BIND,
	ATTEMPT_CONNECT, // the caller's part
};

// Makes a non-blocking socket of FAMILY and TYPE. Returns it or a negative errno; *step becomes
// ATTEMPT_CONNECT, or what failed.
int attempt_open(const struct attempt_options *o, int family, int type, enum attempt_step *step);

// Begins to connect a stream socket. Returns 0 if the connection stands, -EINPROGRESS if it is
// under way, or another negative errno. Never 0 before the peer has answered, whatever options the
// user has set.
int attempt_connect(int fd, const struct sockaddr_any *to);

// True if the socket is connected to itself. That happens to a port of this machine that nobody
// listens on when the kernel chooses the same one for our end: two opens of one socket that cross
// (RFC 9293 section 3.5) look like a server.
bool attempt_is_self(int fd);

#endif
