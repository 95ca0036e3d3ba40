// SPDX-License-Identifier: ISC
// Two sockets of this process that are connected to each other.
#ifndef SOCKCTL_NET_INSPECT_PAIR_H
#define SOCKCTL_NET_INSPECT_PAIR_H

enum pair_kind {
	PAIR_TCP, // over loopback
	PAIR_UDP,
	PAIR_UNIX, // a stream
};

// Makes blocking sockets that are closed on exec. Returns 0, or a negative errno with the name of
// the call that failed in *step.
int pair_open(enum pair_kind kind, int fds[2], const char **step);

#endif
