// SPDX-License-Identifier: ISC
// --mptcp: a connection over several paths at once (RFC 8684), which is one of TCP where the other
// side does not know that.
#ifndef SOCKCTL_OPTS_ENDS_MPTCP_H
#define SOCKCTL_OPTS_ENDS_MPTCP_H

#include "cli/opt.h"
#include "net/addr/endpoint.h"
#include "opts/also.h"

struct mptcp_config {
	bool is_wanted;
};

extern const struct opt mptcp_opts[];
#define MPTCP_GROUP(config, member) \
	{ \
		"Multipath", mptcp_opts, offsetof(struct config, member) \
	}

// Whether one of the endpoints is one of TCP. ENDPOINT and ALSO are those of also_place(). Returns
// 0, or -EINVAL with the reason in ERR.
int mptcp_check(const struct mptcp_config *c, const struct endpoint *endpoint,
	const struct also_config *also, struct str *err);

// What sockets of TCP are made with.
int mptcp_protocol(const struct mptcp_config *c);

#endif
