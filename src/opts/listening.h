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

// --allow and --deny.
struct access_words {
	struct strlist allow, deny;
};

#define ACCESS_OPTIONS(allow, deny) \
	{"allow", 0, OPT_LIST, allow, "CIDR", \
		"accept clients from this address or range only, such as 192.0.2.0/24; repeat " \
		"for more", \
		.words = "address", .is_everyday = true}, \
	{ \
		"deny", 0, OPT_LIST, deny, "CIDR", \
			"refuse clients from this address or range, even if allowed", \
			.words = "address" \
	}

struct listening_config {
	uint64_t max_connections; // 0: as many as come
	uint64_t backlog;
	uint64_t mode; // of a Unix socket
	struct unix_group group; // the same
	uint64_t drain_ms; // 0: a signal ends it at once
	struct access_words words;
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

// Reads the words into A, which the caller frees. Who comes by a Unix socket has no address.
// Arguments and result as of listening_check().
int listening_check_access(struct access *a, const struct access_words *words,
	const struct endpoint *endpoint, const struct also_config *also, struct str *err);

// Checks what the table cannot. ENDPOINT is where to listen, or NULL for sockets that were passed
// to us; ALSO, which may be NULL, where else. Returns 0, or -EINVAL with the reason in ERR.
int listening_check(struct listening_config *c, const struct endpoint *endpoint,
	const struct also_config *also, struct str *err);
void listening_fini(struct listening_config *c);

#endif
