// SPDX-License-Identifier: ISC
// A connection that was made by others and passed to us as a descriptor.
#ifndef SOCKCTL_OPTS_GIVEN_H
#define SOCKCTL_OPTS_GIVEN_H

#include "app.h"
#include "net/addr/endpoint.h"
#include "net/upgrade.h"
#include "opts/socket_options.h"
#include "opts/udp.h"

// The channel is the callee's.
typedef void given_fn(void *data, struct channel *channel);

// All stays the owner's.
struct given_options {
	const struct endpoint *endpoint; // fd:N
	struct sockopt_settings *settings;
	const struct upgrade *upgrades; // that happen on it
	size_t upgrade_count;
	const struct udp_config *udp; // whether it is a stream or datagrams
	uint64_t timeout_ms; // for these; 0: none
	given_fn *done;
	void *data;
};

// Zeroed means none.
struct given {
	struct app *app;
	struct given_options options;
	struct upgrade_chain *chain;
};

// Whether the descriptor may be a connection: a socket that does not listen. INFO describes it.
// Returns 0, or the status after a message.
int given_check(struct app *app, const struct endpoint *endpoint, struct fd_info *info);

// Says that the socket NAME is not connected (-ENOTCONN), or what has ended its connection. Returns
// the status, which is kept.
int given_fail(struct app *app, const char *name, int error);

// Prepares the socket and calls DONE once everything has happened on it, perhaps from here. Returns
// 0, or the status after a message. A failure that comes later ends the run.
int given_start(struct given *g, struct app *app, const struct given_options *options);
void given_fini(struct given *g);

#endif
