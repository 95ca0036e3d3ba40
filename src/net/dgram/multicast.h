// SPDX-License-Identifier: ISC
// Multicast groups (RFC 1112, RFC 3678): whose datagrams a socket gets, and how far its own go.
#ifndef SOCKCTL_NET_DGRAM_MULTICAST_H
#define SOCKCTL_NET_DGRAM_MULTICAST_H

#include "base/sockaddr.h"
#include "net/sockopt.h"

#include <net/if.h>
#include <stdbool.h>

struct membership {
	const struct sockopt *option; // MCAST_JOIN_GROUP or MCAST_JOIN_SOURCE_GROUP
	struct sockopt_value value;
	int family;
};

bool is_multicast(const struct sockaddr_any *a);

// Reads GROUP[%INTERFACE][,SOURCE]. Returns 0, -EINVAL for a word of another form, no group or a
// source of the other family, or -ENODEV for an interface that is not there.
int membership_parse(struct membership *m, const char *word);

// The membership of the group that a socket is bound to, on the interface of its scope.
void membership_of(struct membership *m, const struct sockaddr_any *group);

// Whether the socket FD, bound to LOCAL, gets what is sent to the group: only those bound to the
// wildcard address or to the group itself do, whatever they join (ip(7)).
bool membership_is_heard(const struct membership *m, int fd, const struct sockaddr_any *local);

// Joins on the interface NAME unless the membership says which; NULL leaves it to the kernel.
void membership_default_interface(struct membership *m, const char *name);

// The address of the group, without an interface.
void membership_group(const struct membership *m, struct sockaddr_any *group);

// The name of the interface by which the group is joined: the one that the membership says, or that
// to which the route of the group leads. False if there is none.
bool membership_interface(const struct membership *m, char name[IF_NAMESIZE]);

// Joins, and keeps out what other sockets of this machine have joined, unless SETTINGS, what the
// user sets, say whether (IP_MULTICAST_ALL). An IPv6 socket that serves IPv4 as well takes groups
// of either family. Returns 0 or a negative errno.
int membership_join(const struct membership *m, const struct sockopt_settings *settings, int fd);

// How many routers a datagram may pass, 0 to 255, whatever kind of address it is sent to.
int set_hops(int fd, int family, int hops);

// Whether this machine gets what the socket sends to a group.
int set_multicast_loop(int fd, int family, bool on);

#endif
