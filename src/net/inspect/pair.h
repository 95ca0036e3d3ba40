// SPDX-License-Identifier: ISC
// Two sockets of this process that are connected to each other.
#ifndef SOCKCTL_NET_INSPECT_PAIR_H
#define SOCKCTL_NET_INSPECT_PAIR_H

#include "base/sockaddr.h"
#include "net/step.h"

enum pair_kind {
	PAIR_TCP, // over loopback
	PAIR_UDP,
	PAIR_UNIX, // a stream
};

// Makes blocking sockets that are closed on exec. Returns 0, or a negative errno with what
// failed in *step.
int pair_open(enum pair_kind kind, int fds[2], enum step *step);

// Makes a blocking stream socket that listens for one client, closed on exec: over loopback, or for
// PAIR_UNIX at a name that the kernel chooses. PAIR_UDP has no such sockets. Returns the socket and
// its address in *local, or a negative errno as above.
int pair_listen(enum pair_kind kind, struct sockaddr_any *local, enum step *step);

// Accepts CLIENT, a socket of this process that has connected to LISTENER; whoever else has found
// it before is sent away. Returns the new socket, closed on exec, or a negative errno as above.
int pair_accept(int listener, int client, enum step *step);

#endif
