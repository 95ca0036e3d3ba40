// SPDX-License-Identifier: ISC
// What every stream socket of ours has in common.
#ifndef SOCKCTL_NET_STREAM_H
#define SOCKCTL_NET_STREAM_H

#include <sys/socket.h>

// Finds a peer that is gone (keepalive after 60 s, then every 10 s, 6 times), keeps urgent data in
// its place in the stream, and sends small pieces at once. Failures do no harm and are ignored.
void stream_set_defaults(int fd);

// Who is at the other end of a Unix socket, as it was when they connected (SO_PEERCRED). Returns 0
// or a negative errno; -EOPNOTSUPP for sockets of other families.
int stream_credentials(int fd, struct ucred *who);

#endif
