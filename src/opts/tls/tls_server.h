// SPDX-License-Identifier: ISC
// The options of TLS for what listens, and for what its connections are forwarded to.
#ifndef SOCKCTL_OPTS_TLS_TLS_SERVER_H
#define SOCKCTL_OPTS_TLS_TLS_SERVER_H

#include "opts/tls/tls.h"

struct tls_server_config {
	bool tls;
	struct strlist cert, key;
	const char *self_signed; // names; "": those of this machine; NULL: no
	struct strlist client_ca, allow_name;
	struct tls_config forward; // what concerns the target, and what both sides share
};

#define TLS_SERVER_DEFAULTS \
	{ \
		.forward = TLS_DEFAULTS \
	}

extern const struct opt tls_server_opts[];
#define TLS_SERVER_GROUP(config, member) \
	{ \
		"TLS", tls_server_opts, offsetof(struct config, member) \
	}

// Checks what the table cannot. TARGET is what connections are forwarded to; without a name: none.
// Returns 0, or -EINVAL with the reason in ERR.
int tls_server_check(
	const struct tls_server_config *c, const struct endpoint *target, struct str *err);

// The options for the target: with authorities for clients, lists are about those.
struct tls_config tls_server_target(const struct tls_server_config *c);

// What the options come to on the side of the listener; SELF_NAMES are those of a certificate that
// is made, and borrowed.
struct tls_settings tls_server_settings(
	const struct tls_server_config *c, const struct strlist *self_names);

#endif
