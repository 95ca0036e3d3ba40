// SPDX-License-Identifier: ISC
// What the two sides of echo share: the config, and what each side is called with.
#ifndef SOCKCTL_SESSION_ECHO_H
#define SOCKCTL_SESSION_ECHO_H

#include "app.h"
#include "opts/connecting.h"
#include "opts/confine.h"
#include "opts/listening.h"
#include "opts/socket_options.h"
#include "net/addr/endpoint.h"

struct echo_config {
	struct common_config common;
	struct connecting_config client;
	struct sockopt_config sockopt;
	struct confine_config confine;
	struct listening_config listening;
	bool is_client;
	bool tcp, udp;

	// Serving.
	uint64_t threads;
	uint64_t idle_ms;

	// Measuring.
	uint64_t count; // 0: no end
	uint64_t interval_ms; // 0: as fast as answers come
	uint64_t size; // bytes of a request
	uint64_t connections;
	uint64_t pipeline; // 0: as fits the interval
	uint64_t duration_ms;
	uint64_t wait_ms;
	uint64_t timeout_ms;
	bool reconnect;
	bool histogram;
	bool progress;

	// Filled in by the check of the command line.
	struct endpoint endpoint;
	const char *word; // NULL: measure
};

// Both return the exit status.
int echo_serve(struct app *app, struct echo_config *config);
int echo_measure(struct app *app, struct echo_config *config);

#endif
