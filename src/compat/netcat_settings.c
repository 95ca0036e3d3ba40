// SPDX-License-Identifier: ISC
// The socket options that a netcat sets.
#include "base/util.h"
#include "base/value.h"
#include "compat/netcat.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static void add_setting(struct cmdline *out, const char *name, uint64_t value)
{
	if (!value)
		return;
	cmdline_add(out, "--set");
	cmdline_addf(out, "%s=%" PRIu64, name, value);
}

// The class "af21" or "cs3" (RFC 2597, RFC 2474) as a number, or -1.
static int service_class(const char *word)
{
	int class = word[0] && word[1] ? word[2] - '0' : -1;

	if (strncmp(word, "cs", 2) == 0 && class >= 0 && class <= 7 && !word[3])
		return class << 5;
	if (strncmp(word, "af", 2) == 0 && class >= 1 && class <= 4 && word[3] >= '1' &&
		word[3] <= '3' && !word[4])
		return class << 5 | (word[3] - '0') << 3;
	return -1;
}

static int add_type_of_service(const struct netcat_config *c, struct cmdline *out, struct str *err)
{
	static const struct {
		const char *word;
		int value;
	} words[] = {{"critical", 0xa0}, {"inetcontrol", 0xc0}, {"netcontrol", 0xe0},
		{"lowcost", 0x02}, {"lowdelay", 0x10}, {"throughput", 0x08}, {"reliability", 0x04},
		{"ef", 0xb8}};
	const char *tos = c->tos;
	char *rest;
	long value = -1;

	if (!tos)
		return 0;
	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (strcmp(tos, words[i].word) == 0)
			value = words[i].value;
	if (value < 0)
		value = service_class(tos);
	if (value < 0) {
		value = strtol(tos, &rest, 0);
		if (!*tos || *rest || value < 0 || value > 255)
			return bad_value(err, "-T", tos, "is no type of service");
	}
	cmdline_add(out, "--set");
	cmdline_addf(out, "%s=0x%lx", c->ipv6 ? "IPV6_TCLASS" : "IP_TOS", value);
	return 0;
}

int netcat_add_settings(const struct netcat_config *c, struct cmdline *out, struct str *err)
{
	add_setting(out, "SO_BROADCAST", c->broadcast);
	add_setting(out, "SO_DEBUG", c->debug);
	add_setting(out, "SO_RCVBUF", c->receive_buffer);
	add_setting(out, "SO_SNDBUF", c->send_buffer);
	add_setting(out, c->ipv6 ? "IPV6_UNICAST_HOPS" : "IP_TTL", c->ttl);
	add_setting(out, c->ipv6 ? "IPV6_MINHOPCOUNT" : "IP_MINTTL", c->min_ttl);
	return add_type_of_service(c, out, err);
}
