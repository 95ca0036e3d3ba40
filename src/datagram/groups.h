// SPDX-License-Identifier: ISC
// The multicast groups of --join, and what is said of them.
#ifndef SOCKCTL_DATAGRAM_GROUPS_H
#define SOCKCTL_DATAGRAM_GROUPS_H

#include "app.h"
#include "net/dgram/multicast.h"

// What to do where no route leads to a group, or no interface takes it.
#define GROUP_REMEDY "--interface, or % and its name after the group, says by which interface"

// Zeroed means none.
struct groups {
	struct membership *items; // as many as there are words, in their order
	size_t count;
};

// Reads WORDS, each a group of --join; those that name no interface are joined on INTERFACE, NULL
// leaves it to the kernel. Returns 0, or the exit status after a message.
int groups_parse(
	struct groups *g, struct app *app, const struct strlist *words, const char *interface);
void groups_fini(struct groups *g);

// Says by which interface a group was joined.
void groups_report(struct app *app, const struct membership *m);

// Says that the group NAME could not be joined. Returns the exit status.
int groups_fail(struct app *app, const char *name, int error);

// Whether a hint at the interface may help against this error of what goes to TO.
bool groups_lack_interface(const struct sockaddr_any *to, int error);

#endif
