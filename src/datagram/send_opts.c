// SPDX-License-Identifier: ISC
// The options that udp-send and raw-send share, and the checks on them.
#include "datagram/send.h"

#include "base/value.h"
#include "opts/source.h"

#include <errno.h>
#include <string.h>

#define DAY_MS (24 * 3600 * 1000ull)
#define MAX_RATE 1000000000
#define MAX_PLACES 3 // of a fraction
#define SECOND_NS 1000000000ull
#define MAX_BLOCK (16 << 20)

#define AT(field, type) OPT_AT(struct send_config, field, type)

const struct opt send_input_opts[] = {
	{"block", 'b', OPT_SIZE, AT(block, uint64_t), "SIZE",
		"split the input into datagrams of SIZE bytes instead of lines", .min = 1,
		.max = MAX_BLOCK, .is_everyday = true},
	{"whole", 0, OPT_FLAG, AT(whole, bool), "", "send the whole input as one datagram",
		.is_everyday = true, .not_with = "block"},
	{"hex", 0, OPT_FLAG, AT(hex, bool), "",
		"decode input and messages from hex digits or a hex dump", .is_everyday = true,
		.not_with = "block whole"},
	{""},
};

const struct opt send_opts[] = {
	{"rate", 'r', OPT_STRING, AT(rate_word, const char *), "N",
		"send N datagrams per second, or fewer than one (0.5)", .is_everyday = true},
	{"interval", 'i', OPT_DURATION, AT(interval_ms, uint64_t), "TIME",
		"send one datagram every TIME", .min = 1, .max = 365 * DAY_MS, .not_with = "rate"},
	{"repeat", 0, OPT_UINT, AT(repeat, uint64_t), "N", "send the whole input N times", .min = 1,
		.max = UINT64_MAX},
	{"wait", 'W', OPT_DURATION, AT(wait_ms, uint64_t), "TIME",
		"print replies until TIME after the last datagram sent", .min = 1,
		.max = 365 * DAY_MS, .is_everyday = true},
	{"replies", 0, OPT_UINT, AT(replies, uint64_t), "N", "print replies and exit after N",
		.min = 1, .max = UINT64_MAX},
	{"join", 'j', OPT_LIST, AT(join, struct strlist), "GROUP",
		"receive replies that are sent to a multicast group: ADDRESS[%INTERFACE][,SOURCE]"},
	{"bind", 's', OPT_STRING, AT(bind, const char *), "ADDRESS[:PORT]",
		"local address to send from, or unix:PATH", .words = "address",
		.is_everyday = true},
	{"broadcast", 0, OPT_FLAG, AT(broadcast, bool), "", "allow sending to broadcast addresses",
		.sets = "SO_BROADCAST", .is_everyday = true},
	{"ttl", 0, OPT_UINT, AT(hops, uint64_t), "N",
		"time to live, in hops, also for multicast (1 unless given)", .max = 255,
		.sets = "IP_TTL IP_MULTICAST_TTL IPV6_UNICAST_HOPS IPV6_MULTICAST_HOPS"},
	{"no-loop", 0, OPT_FLAG, AT(no_loop, bool), "",
		"do not deliver multicast to receivers on this host",
		.sets = "IP_MULTICAST_LOOP IPV6_MULTICAST_LOOP"},
	{"send-flag", 0, OPT_LIST, AT(datagram.send_words, struct strlist), "FLAG",
		"flag for send(2), such as MSG_DONTROUTE", .words = "datagram-send-flag"},
	{""},
};

const struct opt send_port_opts[] = {
	{"source-port", 'p', OPT_UINT, AT(source_port, uint64_t), "PORT", "local port to send from",
		.min = 1, .max = 65535},
	{""},
};

// "100", or with a fraction "0.25": 25 in 100 seconds. Returns 0 or -EINVAL.
static int parse_rate(const char *word, uint64_t *count, uint64_t *period_ns)
{
	const char *point = strchr(word, '.');
	size_t whole = point ? (size_t)(point - word) : strlen(word);
	size_t places = point ? strlen(point + 1) : 0;
	struct str digits = {0};
	uint64_t period = SECOND_NS;
	int r = whole && (!point || places) && places <= MAX_PLACES ? 0 : -EINVAL;

	for (size_t i = 0; i < places && r == 0; i++)
		period *= 10;
	str_addn(&digits, word, whole);
	if (point)
		str_add(&digits, point + 1);
	if (r == 0 &&
		(parse_uint(str_c(&digits), count) < 0 || !*count ||
			*count / (period / SECOND_NS) > MAX_RATE || *count > UINT64_MAX / period))
		r = -EINVAL;
	str_fini(&digits);
	*period_ns = period;
	return r;
}

static int check_rate(struct send_config *c, struct str *err)
{
	if (c->interval_ms) {
		c->rate = 1;
		c->period_ns = c->interval_ms * (SECOND_NS / 1000);
	}
	if (!c->rate_word || parse_rate(c->rate_word, &c->rate, &c->period_ns) == 0)
		return 0;
	return bad_value(err, "--rate", c->rate_word,
		"is no rate: datagrams a second, such as 100 or 0.5, up to 1000000000");
}

int send_check(struct send_config *c, int message_count, char **messages, struct str *err)
{
	bool has_framing = c->block || c->whole;
	const struct source_words bind = {
		.bind = c->bind,
		.port = &c->source_port,
		.ipv4 = c->datagram.ipv4,
		.ipv6 = c->datagram.ipv6,
		.may_be_unix = true,
	};
	int r = datagram_check(&c->datagram, MSG_SEND_DATAGRAM, err);

	if (r == 0)
		r = check_rate(c, err);
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
