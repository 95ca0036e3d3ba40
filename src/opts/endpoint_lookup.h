// SPDX-License-Identifier: ISC
// The addresses of a place, for every command that does not dial them one after the other.
#ifndef SOCKCTL_OPTS_ENDPOINT_LOOKUP_H
#define SOCKCTL_OPTS_ENDPOINT_LOOKUP_H

#include "app.h"
#include "net/names/lookup.h"
#include "net/addr/endpoint.h"

// The list becomes the callback's.
typedef void place_lookup_fn(void *data, struct address_list *list);

struct place_lookup {
	struct app *app;
	const struct place *place;
	int family; // AF_UNSPEC: both
	int type; // SOCK_STREAM or SOCK_DGRAM: whose services count
	int flags; // AI_PASSIVE to bind, AI_NUMERICHOST to ask nobody
	place_lookup_fn *cb;
	void *data;

	struct lookup *lookup; // while it is under way
};

// Finds the addresses; the callback may be called from here. Returns 0, or the exit status after a
// message. When the look-up fails later, the message is given and the app is stopped.
int place_lookup_start(struct place_lookup *l);

#endif
