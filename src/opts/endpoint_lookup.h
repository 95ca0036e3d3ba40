// SPDX-License-Identifier: ISC
// The addresses of an endpoint, for every command that does not dial them one after the other.
#ifndef SOCKCTL_OPTS_ENDPOINT_LOOKUP_H
#define SOCKCTL_OPTS_ENDPOINT_LOOKUP_H

#include "app.h"
#include "net/names/lookup.h"
#include "net/addr/endpoint.h"

// The list becomes the callback's.
typedef void endpoint_lookup_fn(void *data, struct address_list *list);

struct endpoint_lookup {
	struct app *app;
	const struct endpoint *endpoint;
	int family; // AF_UNSPEC: both
	int type; // SOCK_STREAM or SOCK_DGRAM: whose services count
	int flags; // AI_PASSIVE to bind, AI_NUMERICHOST to ask nobody
	endpoint_lookup_fn *cb;
	void *data;

	struct lookup *lookup; // while it is under way
};

// Finds the addresses; the callback may be called from here. Returns 0, or the exit status after a
// message. When the look-up fails later, the message is given and the app is stopped.
int endpoint_lookup_start(struct endpoint_lookup *l);

#endif
