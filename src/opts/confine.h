// SPDX-License-Identifier: ISC
// The option --sandbox of the commands that carry data, and what it does.
#ifndef SOCKCTL_OPTS_CONFINE_H
#define SOCKCTL_OPTS_CONFINE_H

#include "app.h"
#include "net/addr/endpoint.h"
#include "sys/sandbox/sandbox.h"

enum confine_when {
	CONFINE_AUTO, // where the kernel can
	CONFINE_ON, // or fail
	CONFINE_OFF,
};

struct confine_config {
	int when;
};

extern const struct opt confine_opts[];
#define CONFINE_GROUP(config, member) \
	{ \
		"Security", confine_opts, offsetof(struct config, member) \
	}

// Refuses --sandbox beside programs, which need all that it takes. Returns 0, or -EINVAL with the
// reason in ERR.
int confine_check_program(const struct confine_config *c, struct str *err);

// Everything is set up: gives up what is not needed. Returns 0, or the status after a message.
int confine(struct app *app, const struct confine_config *c, const struct sandbox *s);

// Adds what connecting to TARGET needs, again and again, by datagrams if IS_UDP: look-ups only
// where its words are names.
void confine_add_target(struct sandbox *s, const struct endpoint *target, bool is_udp);

// SANDBOX_ABSTRACT, if a service manager is told through such a socket, or 0.
unsigned confine_notify_need(void);

// "seccomp, Landlock 7", or "none".
void str_add_sandbox(struct str *s, const struct sandbox_state *state);

#endif
