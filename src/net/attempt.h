// SPDX-License-Identifier: ISC
// One attempt to connect: a socket made as the user asked, with options set and bound to an
// interface, an address or a port; and what has become of connecting it.
#ifndef SOCKCTL_NET_ATTEMPT_H
#define SOCKCTL_NET_ATTEMPT_H

#include "base/sockaddr.h"
#include "net/step.h"

#include <stdbool.h>

struct attempt_options {
	struct sockaddr_any
		bind; // len 0: let the kernel choose; a wildcard address sets the port alone
	const char *interface; // NULL: any
	int protocol; // of stream sockets that are none of the Unix domain; 0: TCP
	bool is_seqpacket; // SOCK_SEQPACKET, whatever type is asked for
	bool is_brief; // for a moment only: without the defaults of stream_socket_set_defaults()

	// Prepares each socket before it is bound: 0 or a negative errno. May be NULL.
	int (*prepare)(void *data, int fd);
	void *prepare_data;
};

// Makes a non-blocking socket of FAMILY and TYPE, by stream_socket_make() where it is a stream.
// Returns it or a negative errno; *step becomes STEP_CONNECT, or what failed.
int attempt_open(const struct attempt_options *o, int family, int type, enum step *step);

// Connects a stream socket, or asks again how that goes. Returns 0 once the peer has answered,
// whatever options the user has set, -EINPROGRESS until then, or another negative errno:
// -ECONNREFUSED also for a socket that got connected to itself. After that one it may connect to
// somebody else.
int attempt_connect(int fd, const struct sockaddr_any *to);

// How it goes, without connecting anew; to be asked at any time, and again when the socket is
// writable. Returns as attempt_connect() does.
int attempt_result(int fd);

#endif
