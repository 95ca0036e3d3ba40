// SPDX-License-Identifier: ISC
#include "opts/udp.h"

#include "net/dgram/dgram_channel.h"
#include "sys/sandbox/sandbox.h"
#include "sys/socket.h"

#include <inttypes.h>
#include <string.h>

#define DAY_MS (24 * 3600 * 1000ull)
#define AT(field, type) OPT_AT(struct udp_config, field, type)
#define UDP_ROW(help, excluding) \
	{ \
		"udp", 'u', OPT_FLAG, AT(is_wanted, bool), "", help, \
			.is_everyday = true, .mode = "joined-datagrams", .not_with = excluding \
	}

const struct opt udp_connect_opts[] = {
	UDP_ROW("use datagrams: UDP, or a Unix datagram socket", "second"),
	{"wait", 'W', OPT_DURATION, AT(wait_ms, uint64_t), "TIME",
		"time to wait for replies after the end of the input (1s)", .min = 1,
		.max = 365 * DAY_MS, .only_with = "udp"},
	{""},
};

const struct opt udp_listen_opts[] = {
	UDP_ROW("use datagrams: UDP, or a Unix datagram socket", ""),
	{""},
};

void udp_report(struct app *app, const char *object, struct peers *peers)
{
	const struct peers_counts *n = &peers->counts;
	const char *least;
	uint64_t lost;

	peers_count_drops(peers);
	lost = n->lost + n->dropped;
	least = n->dropped ? "at least " : ""; // what UDP_GRO has put together counts once
	if (n->others + n->crowded + n->replaced + n->unanswered + lost)
		report(&app->out, &ev_unserved, F_UINT("others", n->others),
			F_UINT("crowded", n->crowded), F_UINT("replaced", n->replaced),
			F_UINT("unanswered", n->unanswered), F_UINT("dropped", lost),
			field_true_if("at_least", n->dropped), F_SHOWN("least", least));
	if (lost)
		app_failf(app, STATUS_BROKEN, object,
			"datagrams were lost, %s%" PRIu64
			" in all: they came faster than they were taken",
			least, lost);
}

const char *udp_take_prefix(const struct udp_config *c, const char *word, bool *is_udp)
{
	*is_udp = c->is_wanted;
	if (strncmp(word, "tcp:", 4) && strncmp(word, "udp:", 4))
		return word;
	*is_udp = *word == 'u';
	return word + 4;
}

void udp_plan(bool is_wanted, struct dial_options *options)
{
	if (is_wanted)
		options->create_datagrams = dgram_channel_create;
}

void udp_fall_back(
	struct channel *channel, struct dial *d, const struct fallback_listener *listener)
{
	const struct dgram_others others = {.at = d->address,
		.rest = d->untried,
		.socket = d->options.socket,
		.listener = *listener};

	// A proxy answers for what lies behind it.
	if (!d->untried.count || d->options.upgrade_count)
		return;
	dgram_channel_fall_back(channel, &others);
	d->untried = (struct address_list){0};
}

unsigned udp_sandbox_needs(const struct channel *channel)
{
	return dgram_channel_may_move(channel) ? SANDBOX_DATAGRAMS : 0;
}

void udp_begin(const struct udp_config *c, struct channel *channel)
{
	if (c->is_wanted)
		dgram_channel_end_after(channel, c->wait_ms);
}

struct channel *udp_adopt(bool is_wanted, uv_loop_t *loop, int fd, const struct fd_info *info)
{
	struct sockaddr_any peer;

	if (!is_wanted || info->socket_type != SOCK_DGRAM || sys_getpeername(fd, &peer) < 0)
		return channel_create_socket(loop, fd, false);
	return dgram_channel_adopt(loop, fd, peer.sa.sa_family);
}
