// SPDX-License-Identifier: ISC
// The socket of who sends datagrams.
#ifndef SOCKCTL_NET_DGRAM_DGRAM_SOCKET_H
#define SOCKCTL_NET_DGRAM_DGRAM_SOCKET_H

#include "base/sockaddr.h"
#include "net/loan.h"
#include "net/sockopt.h"
#include "net/step.h"
#include "net/unix_path.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>
#include <sys/uio.h>

#define DGRAM_HOPS_UNSET 256

struct dgram_socket_options {
	int type; // SOCK_DGRAM or SOCK_RAW
	int protocol;
	struct sockaddr_any bind; // len 0: let the kernel choose
	uint16_t source_port; // where bind does not say; 0: any
	const char *interface; // NULL: any
	bool connected;
	bool broadcast;
	unsigned hops; // or DGRAM_HOPS_UNSET
	bool loop; // multicast reaches this machine, too
	bool header; // the data begin with the IP header
	bool receives; // answers are wanted
	bool reuse; // others may have the same port, and get what is sent to a group, too
	unsigned details; // of them, as for receiver_prepare()
	struct sockopt_settings *settings;
};

struct dgram_socket {
	int fd; // -1: none
	bool is_inherited; // not ours to close
	bool is_connected;
	struct loan loan; // of one that was inherited
	struct sockaddr_any to;
	struct sockaddr_any from; // what it was bound to, or was to be; len 0: nothing
	size_t limit; // the most bytes that a datagram can have
	char *path; // of ours, to be removed; or NULL
	struct unix_file file;
};

// Makes the socket that sends to TO. Returns 0 or a negative errno with what failed in *step.
int dgram_socket_open(struct dgram_socket *s, const struct sockaddr_any *to,
	const struct dgram_socket_options *options, enum step *step);

// Takes over a connected socket that was inherited.
int dgram_socket_adopt(struct dgram_socket *s, int fd, const struct dgram_socket_options *options,
	enum step *step);

// The most bytes that a UDP datagram to FAMILY, or one of the Unix domain by FD, can have.
size_t dgram_limit(int fd, int family);

// How many bytes the header of a packet of FAMILY has, as far as the packet says it itself
// (RFC 791 section 3.1, RFC 8200 section 3).
size_t dgram_header_length(int family, const struct iovec *packet);

// The most bytes that a UDP datagram to TO can have so that its packet need not be split on the
// way, as far as is known; 0 if nothing is.
size_t dgram_path_limit(const struct sockaddr_any *to);

// Does nothing when there is none. Returns 0, or a negative errno if a socket file was left behind.
int dgram_socket_close(struct dgram_socket *s);

#endif
