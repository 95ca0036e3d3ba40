// SPDX-License-Identifier: ISC
// The live sockets of this network namespace, as the kernel lists them over netlink (sock_diag(7)).
#ifndef SOCKCTL_NET_INSPECT_DIAG_H
#define SOCKCTL_NET_INSPECT_DIAG_H

#include "base/sockaddr.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

// Kinds of sockets, for masks.
enum {
	DIAG_TCP = 1,
	DIAG_UDP = 2,
	DIAG_RAW = 4,
	DIAG_UNIX = 8,
	DIAG_ALL = 15,
};

#define DIAG_ALL_STATES 0xfffU // bits 1 << TCP_ESTABLISHED ...

struct diag_query {
	unsigned kinds; // DIAG_TCP | ...
	int family; // AF_INET or AF_INET6 leaves the other out; AF_UNSPEC: both
	uint32_t states; // bits 1 << TCP_LISTEN ...
	bool details; // ask for struct tcp_info and the congestion control as well
};

struct diag_socket {
	unsigned kind;
	int family;
	int type; // SOCK_* of a Unix socket
	int state; // TCP_ESTABLISHED ..., for all kinds
	uint32_t recv_queue, send_queue; // bytes; of a listening socket: waiting clients, backlog
	struct sockaddr_any local, remote; // of a Unix socket: its name and that of its peer
	bool takes_ipv4; // an IPv6 wildcard address that stands for IPv4 as well
	bool has_uid;
	uid_t uid;
	uint32_t inode; // 0 where nobody has it open any more
	uint32_t peer_inode; // of a Unix socket
	unsigned ifindex; // what it is bound to, or 0
	const void *info; // struct tcp_info, or NULL
	size_t info_len;
	char congestion[16]; // control, or empty
};

// Called with each socket, which is valid during the callback.
typedef void diag_fn(void *arg, const struct diag_socket *s);

// Calls back with the sockets that the query asks for, in the order of the kernel. Returns 0 or a
// negative errno. *missing becomes a mask of the kinds that this kernel was made without listing.
int diag_each(const struct diag_query *q, diag_fn *fn, void *arg, unsigned *missing);

// The same with the sockets of KIND in a single datagram of the kernel, which begins where memory
// of malloc(3) does. Returns 1 if it is the last one, 0 if not, or the error that it reports.
int diag_read(unsigned kind, const void *datagram, size_t len, diag_fn *fn, void *arg);

// "tcp", "udp", "raw", "unix"
const char *diag_kind_name(unsigned kind);

// The name of the interface that it is bound to in NAME, which has room for IF_NAMESIZE bytes.
// False if there is none.
bool diag_interface(const struct diag_socket *d, char *name);

#endif
