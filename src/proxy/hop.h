// SPDX-License-Identifier: ISC
// A proxy as a step of what happens on a connection before it is joined: once it is done, the
// connection leads to the next proxy or to the target.
#ifndef SOCKCTL_PROXY_HOP_H
#define SOCKCTL_PROXY_HOP_H

#include "net/upgrade.h"
#include "proxy/chain.h"

#include <uv.h>

struct proxy_step {
	uv_loop_t *loop;
	struct proxy_hop *hop;
	const struct endpoint *to; // where it is to lead
	bool numeric; // never ask for a name here

	// Called with each thing that was said, for the user; NULL if nobody wants to know.
	void (*note)(void *data, const struct proxy_step *s, const char *line);
	void *data; // the owner's

	// Private.
	size_t next; // of TO's addresses that were looked up here: the one to ask for
};

// The argument of the step is a struct proxy_step.
extern const struct upgrade_kind proxy_upgrade;

#endif
