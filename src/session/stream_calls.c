// SPDX-License-Identifier: ISC
#include "session/stream_calls.h"

#include "base/value.h"
#include "opts/msg_flags.h"
#include "io/fd.h"
#include "io/urgent.h"
#include "net/stream_socket.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#define AT(field, type) OPT_AT(struct stream_calls_config, field, type)

const struct opt stream_calls_opts[] = {
	{"send-flag", 0, OPT_LIST, AT(send_words, struct strlist), "FLAG",
		"flag for send(2), such as MSG_MORE", .words = "stream-send-flag"},
	{"recv-flag", 0, OPT_LIST, AT(recv_words, struct strlist), "FLAG",
		"flag for recv(2), such as MSG_WAITALL", .words = "stream-recv-flag"},
	{"recv-exactly", 0, OPT_SIZE, AT(recv_exactly, uint64_t), "SIZE",
		"receive SIZE bytes, in one call if possible, and exit", .min = 1,
		.max = UINT64_MAX, .not_with = "peek udp"},
	{"peek", 0, OPT_FLAG, AT(peek, bool), "",
		"print the first data without removing it from the socket (MSG_PEEK), and exit",
		.not_with = "udp"},
	{"oob", 0, OPT_STRING, AT(oob, const char *), "TEXT",
		"report urgent data and its position; send TEXT as urgent data first",
		.is_optional = true, .not_with = "udp"},
	{"discard-input", 0, OPT_FLAG, AT(discard_input, bool), "",
		"send nothing of the input but its end", .not_with = "udp program forward room"},
	{"reset", 0, OPT_FLAG, AT(reset, bool), "",
		"reset the connection after the input, instead of closing it", .not_with = "udp"},
	{""},
};

// Nothing more is received after what these ask for.
static bool ends_receiving(const struct stream_calls_config *c)
{
	return c->recv_exactly || c->recv_flags & MSG_PEEK;
}

// The first option that acts on the socket itself, which sees nothing of what TLS carries.
static const char *plain_option(const struct stream_calls_config *c)
{
	if (c->peek)
		return "--peek";
	if (c->oob)
		return "--oob";
	if (c->send_words.count)
		return "--send-flag";
	return c->recv_words.count ? "--recv-flag" : NULL;
}

// What these set themselves, later than --set, or mean nothing without.
static int check_settings(
	const struct stream_calls_config *c, const struct strlist *settings, struct str *err)
{
	const struct {
		bool is_given;
		const char *option, *name;
	} pairs[] = {
		{c->reset, "--reset", "SO_LINGER"},
		{c->oob, "--oob", "SO_OOBINLINE"},
		{c->recv_exactly, "--recv-exactly", "SO_RCVLOWAT"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(pairs); i++) {
		if (!pairs[i].is_given || !opt_sets(settings, pairs[i].name))
			continue;
		str_addf(err, "%s and --set %s exclude each other; give one of them",
			pairs[i].option, pairs[i].name);
		return -EINVAL;
	}
	return 0;
}

int stream_calls_check(struct stream_calls_config *c, const struct strlist *settings,
	bool has_program, bool has_tls, struct str *err)
{
	int r = msg_flags_parse(MSG_SEND_STREAM, &c->send_words, &c->send_flags, err);

	if (r == 0)
		r = msg_flags_parse(MSG_RECV_STREAM, &c->recv_words, &c->recv_flags, err);
	if (r < 0)
		return r;
	// A call for urgent data gets nothing else, so that it is made when there are some.
	if (c->recv_flags & MSG_OOB && !c->oob)
		c->oob = "";
	c->recv_flags &= ~MSG_OOB;
	if (c->peek)
		c->recv_flags |= MSG_PEEK;
	if (c->recv_exactly)
		c->recv_flags |= MSG_WAITALL;
	if (has_tls && plain_option(c)) {
		str_addf(err, "%s and TLS exclude each other; give one of them", plain_option(c));
		return -EINVAL;
	}
	r = check_settings(c, settings, err);
	if (r < 0)
		return r;
	if (has_program && ends_receiving(c))
		return bad_word(err, c->recv_exactly ? "--recv-exactly" : "--peek",
			"ends the connection, and the program of --exec with it");
	return 0;
}

int stream_calls_check_proxying(const struct stream_calls_config *c, const struct proxying *p)
{
	const char *option = proxying_has_tls(p) ? plain_option(c) : NULL;

	return option ? app_failf(p->app, STATUS_USAGE, NULL,
				"%s cannot go through the TLS of an https:// proxy", option)
		      : 0;
}

void stream_calls_adjust(const struct stream_calls_config *c, struct relay_policy *policy)
{
	if (c->reset)
		policy->shutdown = SHUTDOWN_NEVER;
	if (c->count.pieces)
		policy->end_with_peer = true;
	if (policy->until != UNTIL_BOTH)
		return;
	if (ends_receiving(c))
		policy->until = UNTIL_PEER;
	else if (c->reset)
		policy->until = UNTIL_INPUT;
}

int stream_calls_apply(const struct stream_calls_config *c, struct channel *peer,
	struct urgent *urgent, urgent_fn *fn, void *data)
{
	int fd = channel_socket(peer);
	int r = 0;

	if (c->send_flags || c->recv_flags || c->recv_exactly) {
		struct channel_calls *calls = channel_change_calls(peer);

		calls->send_flags = c->send_flags;
		calls->recv_flags = c->recv_flags;
		calls->recv_limit = c->recv_exactly;
	}
	if (c->count.pieces)
		channel_change_calls(peer)->recv_count = c->count.pieces;
	if (c->reset)
		r = fd_close_by_reset(fd, true);
	if (r == 0 && c->recv_exactly && peer->is_private) // others would have to wait as well
		r = stream_socket_receive_at_once(fd, c->recv_exactly);
	if (r == 0 && c->oob) {
		r = urgent_init(urgent, fd, peer->rd, fn, data);
		channel_change_calls(peer)->urgent = urgent;
	}
	if (r == 0 && c->oob && *c->oob) {
		ssize_t n = urgent_send(fd, c->oob, strlen(c->oob));

		r = n < 0 ? (int)n : 0;
	}
	return r;
}
