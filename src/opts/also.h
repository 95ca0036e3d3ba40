// SPDX-License-Identifier: ISC
// --also: endpoints to listen on besides the first.
#ifndef SOCKCTL_OPTS_ALSO_H
#define SOCKCTL_OPTS_ALSO_H

#include "base/str.h"
#include "base/strlist.h"
#include "net/addr/endpoint.h"

struct also_config {
	struct strlist words;
	struct endpoint *endpoints; // as many, filled in by also_check()
};

#define ALSO_OPTION(at) \
	{ \
		"also", 0, OPT_LIST, at, "ENDPOINT", \
			"additional endpoint, such as unix:/run/x; repeat for more", \
			.words = "address|service|file" \
	}

// Returns 0, or -EINVAL with the reason in ERR.
int also_check(struct also_config *c, bool ipv4, bool ipv6, struct str *err);
void also_fini(struct also_config *c);

// Endpoint number I: FIRST, or one of the others. NULL where there are no more. FIRST may be NULL:
// there are the others only. ALSO may be NULL: there is the first only.
const struct endpoint *also_place(
	const struct endpoint *first, const struct also_config *also, size_t i);

// True if one of them is the path of a Unix socket.
bool also_has_path(const struct endpoint *first, const struct also_config *also);

#endif
