// SPDX-License-Identifier: ISC
// The options that udp-send and raw-send share, and the checks on them.
#include "datagram/send.h"

#include "base/value.h"
#include "opts/source.h"

#include <errno.h>
#include <string.h>

#define DAY_MS (24 * 3600 * 1000ull)
#define MAX_RATE 1000000000
#define MAX_BLOCK (16 << 20)

#define AT(field, type) OPT_AT(struct send_config, field, type)

const struct opt send_input_opts[] = {
	{"block", 'b', OPT_SIZE, AT(block, uint64_t), "SIZE",
		"split the input into datagrams of SIZE bytes instead of lines", .min = 1,
		.max = MAX_BLOCK, .is_everyday = true},
	{"whole", 0, OPT_FLAG, AT(whole, bool), NULL, "send the whole input as one datagram",
		.is_everyday = true, .not_with = "block"},
	{"hex", 0, OPT_FLAG, AT(hex, bool), NULL,
		"decode input and messages from hex digits or a hex dump", .is_everyday = true,
		.not_with = "block whole"},
	{0},
};

const struct opt send_opts[] = {
	{"rate", 'r', OPT_UINT, AT(rate, uint64_t), "N", "send N datagrams per second", .min = 1,
		.max = MAX_RATE, .is_everyday = true},
	{"repeat", 0, OPT_UINT, AT(repeat, uint64_t), "N", "send the whole input N times", .min = 1,
		.max = UINT64_MAX},
	{"wait", 'W', OPT_DURATION, AT(wait_ms, uint64_t), "TIME",
		"print replies until TIME after the last datagram sent", .min = 1,
		.max = 365 * DAY_MS, .is_everyday = true},
	{"replies", 0, OPT_UINT, AT(replies, uint64_t), "N", "print replies and exit after N",
		.min = 1, .max = UINT64_MAX},
	{"bind", 's', OPT_STRING, AT(bind, const char *), "ADDRESS[:PORT]",
		"local address to send from, or unix:PATH", .words = "address",
		.is_everyday = true},
	{"broadcast", 0, OPT_FLAG, AT(broadcast, bool), NULL,
		"allow sending to broadcast addresses", .sets = "SO_BROADCAST",
		.is_everyday = true},
	{"ttl", 0, OPT_UINT, AT(hops, uint64_t), "N",
		"time to live, in hops, also for multicast (1 unless given)", .max = 255,
		.sets = "IP_TTL IP_MULTICAST_TTL IPV6_UNICAST_HOPS IPV6_MULTICAST_HOPS"},
	{"no-loop", 0, OPT_FLAG, AT(no_loop, bool), NULL,
		"do not deliver multicast to receivers on this host",
		.sets = "IP_MULTICAST_LOOP IPV6_MULTICAST_LOOP"},
	{"send-flag", 0, OPT_LIST, AT(datagram.send_words, struct strlist), "FLAG",
		"flag for send(2), such as MSG_DONTROUTE", .words = "datagram-send-flag"},
	{0},
};

const struct opt send_port_opts[] = {
	{"source-port", 'p', OPT_UINT, AT(source_port, uint64_t), "PORT", "local port to send from",
		.min = 1, .max = 65535},
	{0},
};

int send_check(struct send_config *c, int message_count, char **messages, struct str *err)
{
	bool has_framing = c->block || c->whole;
	const struct source_words bind = {
		.bind = c->bind,
		.port = c->source_port,
		.ipv4 = c->datagram.ipv4,
		.ipv6 = c->datagram.ipv6,
		.may_be_unix = true,
	};
	int r = datagram_check(&c->datagram, MSG_SEND_DATAGRAM, err);

	if (r == 0)
		r = source_check(&bind, &c->bind_address, err);
	if (r == 0 && message_count && has_framing) {
		str_addf(err, "%s is for standard input, and messages are given",
			c->block ? "--block" : "--whole");
		r = -EINVAL;
	}
	c->message_count = message_count;
	c->messages = messages;
	return r;
}

enum framing send_framing(const struct send_config *c)
{
	return c->hex           ? FRAMING_HEX
	       : c->block       ? FRAMING_BLOCK
	       : c->whole       ? FRAMING_WHOLE
	       : c->common.json ? FRAMING_JSON
				: FRAMING_LINE;
}

void send_fini(void *config)
{
	struct send_config *c = config;

	endpoint_fini(&c->endpoint);
}
