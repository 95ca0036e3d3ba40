// SPDX-License-Identifier: ISC
// What is done to a socket until it can be used, and the words for it where that fails.
#ifndef SOCKCTL_NET_STEP_H
#define SOCKCTL_NET_STEP_H

#include "base/sockaddr.h"
#include "base/str.h"

#include <stdbool.h>

enum step {
	STEP_SOCKET,
	STEP_BROADCAST, // permission for it
	STEP_HOPS,
	STEP_MULTICAST_LOOP,
	STEP_HEADER, // the data begin with the header of the packet
	STEP_INTERFACE, // the only one that is used
	STEP_OPTION, // one that the user has set
	STEP_BIND,
	STEP_GROUP, // of a socket file
	STEP_LISTEN,
	STEP_CONNECT,
	STEP_ACCEPT,
	STEP_NAME, // asking for the address
	STEP_PAIR, // making two sockets that are connected
	STEP_ADOPT, // taking over a descriptor
};

// The word for it; a call by its name.
const char *step_name(enum step step);

// Adds what the error of a step would leave in the dark: "interface eth0", "from 192.0.2.1:80",
// "socket". INTERFACE is the one that was asked for. FROM is what was bound so as to reach somebody
// else, NULL or len 0 if the message names already what was bound. Returns false, and adds nothing,
// where the step goes without saying.
bool str_add_step(
	struct str *s, enum step step, const char *interface, const struct sockaddr_any *from);

// Adds "from ADDRESS", with the port if there is one, or "from port PORT".
void str_add_source(struct str *s, const struct sockaddr_any *a);

#endif
