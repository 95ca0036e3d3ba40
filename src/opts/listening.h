// SPDX-License-Identifier: ISC
// What every command with a listening socket shares: the options for whom it serves.
#ifndef SOCKCTL_OPTS_LISTENING_H
#define SOCKCTL_OPTS_LISTENING_H

#include "app.h"
#include "net/access.h"
#include "net/addr/endpoint.h"
#include "net/sockopt.h"
#include "opts/also.h"
#include "opts/unix_group.h"

struct listening_config {
	uint64_t max_connections; // 0: as many as come
	uint64_t backlog;
	uint64_t mode; // of a Unix socket
	struct unix_group group; // the same
	uint64_t drain_ms; // 0: a signal ends it at once
	struct strlist allow, deny;
	struct access access; // filled in by listening_check()
};

#define LISTENING_MODE_NOT_GIVEN UINT64_MAX
#define LISTENING_DEFAULTS \
	{ \
		.backlog = SOMAXCONN, .mode = LISTENING_MODE_NOT_GIVEN \
	}

extern const struct opt listening_opts[];
#define LISTENING_GROUP(config, member) \
	{ \
		"Limits", listening_opts, offsetof(struct config, member), .not_with = "client" \
	}

// Checks what the table cannot. ENDPOINT is where to listen, or NULL for sockets that were passed
// to us; ALSO, which may be NULL, where else. Returns 0, or -EINVAL with the reason in ERR.
int listening_check(struct listening_config *c, const struct endpoint *endpoint,
	const struct also_config *also, struct str *err);
void listening_fini(struct listening_config *c);

#endif
