// SPDX-License-Identifier: ISC
#include "cmd/stream_calls.h"

#include "base/nearest.h"
#include "base/value.h"
#include "io/urgent.h"
#include "net/stream.h"
#include "sys/names.h"

#include <errno.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

#define AT(field, type) OPT_AT(struct stream_calls_config, field, type)

const struct opt stream_calls_opts[] = {
	{"send-flag", 0, OPT_LIST, AT(send_words, struct strlist), "FLAG",
		"send with this flag of send(2), such as MSG_MORE"},
	{"recv-flag", 0, OPT_LIST, AT(recv_words, struct strlist), "FLAG",
		"receive with this flag of recv(2), such as MSG_WAITALL"},
	{"recv-exactly", 0, OPT_SIZE, AT(recv_exactly, uint64_t), "SIZE",
		"receive so many bytes, in one call where they fit, and end", .min = 1,
		.max = UINT64_MAX},
	{"peek", 0, OPT_FLAG, AT(peek, bool), NULL,
		"show what comes first, leave it with the socket, and end"},
	{"oob", 0, OPT_STRING, AT(oob, const char *), "TEXT",
		"tell urgent data apart and where they stood; send TEXT urgently first",
		.implied = ""},
	{"reset", 0, OPT_FLAG, AT(reset, bool), NULL,
		"end with a reset after the input, not with an end of file"},
	{0},
};

// What can be said of a stream, beside what has an option of its own.
static const struct name_value send_names[] = {
	{"MSG_OOB", MSG_OOB},
	{"MSG_DONTROUTE", MSG_DONTROUTE},
	{"MSG_DONTWAIT", MSG_DONTWAIT},
	{"MSG_EOR", MSG_EOR},
	{"MSG_CONFIRM", MSG_CONFIRM},
	{"MSG_NOSIGNAL", MSG_NOSIGNAL},
	{"MSG_MORE", MSG_MORE},
	{0},
};

static const struct name_value recv_names[] = {
	{"MSG_OOB", MSG_OOB},
	{"MSG_PEEK", MSG_PEEK},
	{"MSG_TRUNC", MSG_TRUNC},
	{"MSG_DONTWAIT", MSG_DONTWAIT},
	{"MSG_WAITALL", MSG_WAITALL},
	{"MSG_CMSG_CLOEXEC", MSG_CMSG_CLOEXEC},
	{0},
};

static bool find_flag(const struct name_value *names, const char *word, int *flags)
{
	for (; names->name; names++) {
		if (strcasecmp(names->name, word) != 0 &&
			strcasecmp(names->name + strlen("MSG_"), word) != 0)
			continue;
		*flags |= (int)names->value;
		return true;
	}
	return false;
}

static int unknown_flag(
	const struct name_value *names, const char *option, const char *word, struct str *err)
{
	struct nearest near;

	nearest_init(&near, word, strlen(word));
	for (const struct name_value *n = names; n->name; n++)
		nearest_offer(&near, n->name);
	str_addf(err, "--%s: '", option);
	str_add_escaped(err, word, strlen(word));
	if (near.best) {
		str_addf(err, "' is no flag for a stream; did you mean '%s'?", near.best);
		return -EINVAL;
	}
	str_add(err, "' is none of");
	for (const struct name_value *n = names; n->name; n++)
		str_addf(err, "%s %s", n == names ? "" : ",", n->name);
	return -EINVAL;
}

static int parse_flags(const struct name_value *names, const char *option,
	const struct strlist *words, int *flags, struct str *err)
{
	for (size_t i = 0; i < words->count; i++)
		if (!find_flag(names, words->items[i], flags))
			return unknown_flag(names, option, words->items[i], err);
	return 0;
}

// Nothing more is received after what these ask for.
static bool ends_receiving(const struct stream_calls_config *c)
{
	return c->recv_exactly || c->recv_flags & MSG_PEEK;
}

int stream_calls_check(struct stream_calls_config *c, bool has_program, struct str *err)
{
	int r = parse_flags(send_names, "send-flag", &c->send_words, &c->send_flags, err);

	if (r == 0)
		r = parse_flags(recv_names, "recv-flag", &c->recv_words, &c->recv_flags, err);
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
	if (has_program && ends_receiving(c))
		return bad_word(err, c->recv_exactly ? "--recv-exactly" : "--peek",
			"ends the connection, and the program of --exec with it");
	return 0;
}

void stream_calls_adjust(const struct stream_calls_config *c, struct relay_policy *policy)
{
	if (c->reset)
		policy->shutdown = SHUTDOWN_NEVER;
	if (policy->until != UNTIL_BOTH)
		return;
	if (ends_receiving(c))
		policy->until = UNTIL_PEER;
	else if (c->reset)
		policy->until = UNTIL_INPUT;
}

int stream_calls_apply(const struct stream_calls_config *c, struct endpoint *peer,
	struct urgent *urgent, urgent_fn *fn, void *data)
{
	int fd = peer->in;
	int r = 0;

	peer->send_flags = c->send_flags;
	peer->recv_flags = c->recv_flags;
	peer->recv_limit = c->recv_exactly;
	if (c->reset)
		r = stream_close_by_reset(fd);
	if (r == 0 && c->recv_exactly && peer->is_private) // others would have to wait as well
		r = stream_receive_at_once(fd, c->recv_exactly);
	if (r == 0 && c->oob) {
		r = urgent_init(urgent, fd, peer->rd, fn, data);
		peer->urgent = urgent;
	}
	if (r == 0 && c->oob && *c->oob) {
		ssize_t n = urgent_send(fd, c->oob, strlen(c->oob));

		r = n < 0 ? (int)n : 0;
	}
	return r;
}
