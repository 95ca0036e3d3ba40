// SPDX-License-Identifier: ISC
// From an endpoint to what there is to open, for every command that does not dial.
#ifndef SOCKCTL_OPTS_ENDPOINT_OPEN_H
#define SOCKCTL_OPTS_ENDPOINT_OPEN_H

#include "app.h"
#include "net/addr/endpoint.h"
#include "net/names/lookup.h"

struct endpoint_open {
	struct app *app;
	const struct endpoint *endpoint;
	int family; // AF_UNSPEC: both
	int type; // SOCK_STREAM or SOCK_DGRAM: whose services count
	int flags; // AI_PASSIVE to bind, AI_NUMERICHOST to ask nobody

	// One of these is called, and returns 0, or the exit status after a message. The list has
	// one address at least, and for a Unix socket no other; it is borrowed.
	int (*on_addresses)(void *data, const struct address_list *list);
	int (*on_descriptor)(void *data, int fd);
	void *data;

	// Private.
	struct lookup *lookup; // while it is under way
	int status; // of what happened at once
};

// Begins; the callbacks may be called from here. Returns 0, or the exit status after a message. A
// failure that comes later is kept as the status of the run, which it ends.
int endpoint_open(struct endpoint_open *o);

#endif
