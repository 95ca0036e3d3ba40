// SPDX-License-Identifier: ISC
#include "opts/proxy_header.h"

#include "base/value.h"

#include <errno.h>
#include <string.h>

const struct opt send_proxy_opts[] = {
	{"send-proxy", 0, OPT_STRING, OPT_AT(struct send_proxy_config, version, const char *),
		"VERSION", "send a header of the PROXY protocol first: v1 or v2 (the default)",
		.implied = "v2"},
	{0},
};

int send_proxy_check(struct send_proxy_config *c, const struct endpoint *target, struct str *err)
{
	if (!c->version)
		return 0;
	if (strcmp(c->version, "v1") == 0)
		c->header.version = 1;
	else if (strcmp(c->version, "v2") == 0)
		c->header.version = 2;
	else
		return bad_word(err, c->version, "is no version of the PROXY protocol: v1 or v2");
	if (target->kind == ENDPOINT_FD)
		return bad_word(err, target->name,
			"is connected already, and --send-proxy is for new connections");
	return 0;
}

const struct opt accept_proxy_opts[] = {
	{"accept-proxy", 0, OPT_FLAG, OPT_AT(struct accept_proxy_config, accept, bool), NULL,
		"require a header of the PROXY protocol, and take the client from it"},
	{"accept-proxy-from", 0, OPT_LIST, OPT_AT(struct accept_proxy_config, from, struct strlist),
		"CIDR", "take headers from this address or range only; repeat for more",
		.words = "address"},
	{0},
};

int accept_proxy_check(struct accept_proxy_config *c, struct str *err)
{
	struct str why = {0};
	int r = 0;

	c->accept |= c->from.count > 0;
	for (size_t i = 0; i < c->from.count && r == 0; i++)
		r = access_allow(&c->senders, c->from.items[i], &why);
	if (r < 0)
		str_addf(err, "--accept-proxy-from: %s", str_c(&why));
	str_fini(&why);
	return r;
}

void accept_proxy_fini(struct accept_proxy_config *c)
{
	access_fini(&c->senders);
}

bool accept_proxy_is_open(const struct accept_proxy_config *c, const struct sockaddr_any *local)
{
	return c->accept && !c->from.count && local->sa.sa_family != AF_UNIX &&
	       !sockaddr_is_loopback(local);
}
