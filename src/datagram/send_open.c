// SPDX-License-Identifier: ISC
// From the words of the command line to a socket that sends.
#include "datagram/sending.h"

#include "base/hex.h"
#include "base/mem.h"
#include "opts/open_failure.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static struct dgram_socket_options options_of(struct sending *s)
{
	const struct send_config *c = s->config;

	return (struct dgram_socket_options){
		.type = s->type,
		.protocol = s->protocol,
		.bind = c->bind_address,
		.source_port = (uint16_t)c->source_port,
		.interface = c->datagram.interface,
		.connected = c->datagram.connected,
		.broadcast = c->broadcast,
		.hops = (unsigned)c->hops,
		.loop = !c->no_loop,
		.header = c->header,
		.receives = s->wants_replies,
		.reuse = c->join.count || s->may_move, // before the port of the other is free
		.details = printer_details(send_framing(c)),
		.settings = &s->settings,
	};
}

static int fail_open(struct sending *s, const struct sockaddr_any *a, enum step step, int error)
{
	const struct send_config *c = s->config;
	bool is_broadcast = error == -EACCES && step == STEP_CONNECT && !c->broadcast;
	const char *remedy = is_broadcast                      ? BROADCAST_REMEDY
			     : groups_lack_interface(a, error) ? GROUP_REMEDY
			     : error == -EPROTOTYPE            ? TYPE_REMEDY
							       : NULL;
	const struct open_failure f = {
		.object = c->endpoint.name,
		.address = a,
		.from = &s->socket.from,
		.interface = c->datagram.interface,
		.settings = &s->settings,
		.step = step,
		.remedy = remedy,
	};

	return open_failure_report(s->app, &f, error);
}

// Decodes TEXT in its place, which keeps what it was if that fails.
static int decode_message(char *text, size_t *len)
{
	char *bytes = xmalloc(*len / 2 + 1);
	int r = hex_decode_loose(bytes, len, text, *len);

	if (r == 0)
		memcpy(text, bytes, *len);
	free(bytes);
	return r;
}

// The messages as they are sent. Returns 0, or STATUS_USAGE after a message.
static int take_messages(struct sending *s)
{
	const struct send_config *c = s->config;

	s->messages = xcalloc((size_t)c->message_count, sizeof(*s->messages));
	for (int i = 0; i < c->message_count; i++) {
		struct iovec *m = &s->messages[i];

		*m = (struct iovec){c->messages[i], strlen(c->messages[i])};
		if (c->hex && decode_message(c->messages[i], &m->iov_len) < 0)
			return app_failf(s->app, STATUS_USAGE, c->messages[i],
				"not pairs of hexadecimal digits");
		if (m->iov_len > s->socket.limit)
			return app_failf(s->app, STATUS_USAGE, NULL,
				"message %d: %zu bytes do not fit a datagram: at most %zu", i + 1,
				m->iov_len, s->socket.limit);
	}
	return 0;
}

// Returns 0, or the exit status after a message.
static int join_groups(struct sending *s)
{
	for (size_t i = 0; i < s->groups.count; i++) {
		const struct membership *m = &s->groups.items[i];
		const char *word = s->config->join.items[i];
		int error;

		if (m->family != s->socket.to.sa.sa_family)
			return app_failf(s->app, STATUS_USAGE, word, "no group of the family of %s",
				s->config->endpoint.name);
		error = membership_join(m, &s->settings, s->socket.fd);
		if (error < 0)
			return groups_fail(s->app, word, error);
		groups_report(s->app, m);
	}
	return 0;
}

// Begins, if what is to be sent fits the socket.
static int begin(struct sending *s)
{
	const struct send_config *c = s->config;
	int status = join_groups(s);

	if (status)
		return status;
	if (c->block > s->socket.limit)
		return app_failf(s->app, STATUS_USAGE, "--block",
			"%" PRIu64 " bytes do not fit a datagram: at most %zu", c->block,
			s->socket.limit);
	if (c->message_count)
		status = take_messages(s);
	return status ? status : s->on_open(s);
}

static int on_addresses(void *data, const struct address_list *list)
{
	struct sending *s = data;
	int family;
	const struct sockaddr_any *tried = &list->items[0];
	enum step step = STEP_BIND;
	size_t i;
	int r = -EAFNOSUPPORT; // from where we send

	s->may_move = list->count > 1 && sending_may_move(s);
	s->options = options_of(s);
	family = s->options.bind.len ? s->options.bind.sa.sa_family : AF_UNSPEC;
	s->socket.from = s->options.bind;
	for (i = 0; i < list->count && r < 0; i++) {
		if (family != AF_UNSPEC && list->items[i].sa.sa_family != family)
			continue;
		tried = &list->items[i];
		r = dgram_socket_open(&s->socket, tried, &s->options, &step);
	}
	if (r < 0)
		return fail_open(s, tried, step, r);
	if (s->may_move)
		sending_fall_back(s, address_list_from(list, i));
	return begin(s);
}

// A socket that was inherited: connected, or there is nobody to send to.
static int on_descriptor(void *data, int fd)
{
	struct sending *s = data;
	enum step step;
	int r;

	s->options = options_of(s);
	r = dgram_socket_adopt(&s->socket, fd, &s->options, &step);

	if (r == 0 && s->wants_replies)
		receiver_drops(s->socket.fd, &s->first_drops);
	return r < 0 ? fail_open(s, &s->socket.to, step, r) : begin(s);
}

int sending_open(struct sending *s)
{
	const struct send_config *c = s->config;
	int status = groups_parse(&s->groups, s->app, &c->join, c->datagram.interface);

	if (status)
		return status;
	s->opening = (struct endpoint_open){
		.app = s->app,
		.endpoint = &c->endpoint,
		.family = datagram_family(&c->datagram),
		.type = SOCK_DGRAM,
		.flags = c->datagram.numeric ? AI_NUMERICHOST : 0,
		.on_addresses = on_addresses,
		.on_descriptor = on_descriptor,
		.data = s,
	};
	return endpoint_open(&s->opening);
}
