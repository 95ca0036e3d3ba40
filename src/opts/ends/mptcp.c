// SPDX-License-Identifier: ISC
#include "opts/ends/mptcp.h"

#include "base/value.h"

#include <netinet/in.h>

const struct opt mptcp_opts[] = {
	{"mptcp", 0, OPT_FLAG, OPT_AT(struct mptcp_config, is_wanted, bool), "",
		"use several paths at once (MPTCP) where the other side can, and TCP where not",
		.not_with = "udp check"},
	{""},
};

int mptcp_check(const struct mptcp_config *c, const struct endpoint *endpoint,
	const struct also_config *also, struct str *err)
{
	const struct endpoint *p;

	for (size_t i = 0; c->is_wanted && (p = also_place(endpoint, also, i)); i++)
		if (p->kind == ENDPOINT_INET)
			return 0;
	return c->is_wanted
		       ? bad_word(err, "--mptcp", "is for connections of TCP that are made here")
		       : 0;
}

int mptcp_protocol(const struct mptcp_config *c)
{
	return c->is_wanted ? IPPROTO_MPTCP : 0;
}
