// SPDX-License-Identifier: ISC
// What every stream socket of ours has in common.
#ifndef SOCKCTL_NET_STREAM_SOCKET_H
#define SOCKCTL_NET_STREAM_SOCKET_H

#include "base/sockaddr.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

// True for the types of sockets that connect and listen.
static inline bool stream_socket_connects(int type)
{
	return type == SOCK_STREAM || type == SOCK_SEQPACKET;
}

// Makes a non-blocking socket, of PROTOCOL where that is one of TCP (MPTCP; 0: the usual one).
// Where the kernel does not have it the socket is one of TCP. Returns it or a negative errno.
int stream_socket_make(int family, int type, int protocol);

// The protocol of a socket: "tcp", "mptcp" where both sides speak it, "unix" ...; without a word to
// those who trace what is done for the user.
const char *stream_socket_protocol(int fd);

// TCP: finds a peer that is gone (keepalive after 60 s, then every 10 s, 6 times), keeps urgent
// data in its place in the stream, and sends small pieces at once. Unix domain: sends large pieces.
// Failures do no harm and are ignored.
void stream_socket_set_defaults(int fd, int family);

// Gives a connection of the Unix domain the send buffer of the socket that it was accepted from, as
// TCP does by itself.
void stream_socket_inherit_buffer(int fd, int listener);

// Looks every few seconds from now on whether the peer of a TCP socket is still there: it has ended
// its side, and only so can be told whether it still listens. Not where the user says when to look.
void stream_socket_probe_often(int fd);

// The bytes of a TCP connection.
struct stream_socket_counts {
	uint64_t sent; // given to the socket to be sent
	uint64_t received; // that came, read or not
	uint64_t lost; // sent and never acknowledged, because the connection broke
	bool is_closed; // it broke, or both sides have ended it
};

// To be asked before the socket is shut down. Returns 0 or a negative errno.
int stream_socket_count(int fd, struct stream_socket_counts *counts);

// Who is at the other end of a socket that others have connected. Returns 0 or a negative errno:
// what has ended the connection since, or -ENOTCONN.
int stream_socket_peer(int fd, struct sockaddr_any *peer);

// Who is at the other end of a Unix socket, as it was when they connected (SO_PEERCRED). Returns 0
// or a negative errno; -EOPNOTSUPP for sockets of other families, -ENOTCONN for those of datagrams.
int stream_socket_credentials(int fd, struct ucred *who);

// Wakes the receiver once so many bytes are there, if one call can take them (SO_RCVLOWAT).
int stream_socket_receive_at_once(int fd, uint64_t bytes);

#endif
