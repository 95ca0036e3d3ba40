// SPDX-License-Identifier: ISC
#include "proxy/header_upgrade.h"

#include "base/mem.h"
#include "sys/socket.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>

#define ACCEPT_LIMIT_MS 5000

struct header_sending {
	const struct proxy_header *header;
	struct str bytes;
	size_t sent;
};

static void *create_sending(void *arg)
{
	struct header_sending *s = xcalloc(1, sizeof(*s));

	s->header = arg;
	return s;
}

static void destroy_sending(void *state)
{
	struct header_sending *s = state;

	str_fini(&s->bytes);
	free(s);
}

static int build(struct header_sending *s, int fd, struct upgrade_outcome *outcome)
{
	struct proxy_header h = *s->header;
	struct str err = {0};
	int r = 0;

	if (!h.is_local && !h.source.len)
		r = sys_getsockname(fd, &h.source);
	if (!h.is_local && !h.destination.len && r == 0)
		r = sys_getpeername(fd, &h.destination);
	if (r < 0)
		return upgrade_fail(outcome, UPGRADE_BROKEN, r, NULL);
	sockaddr_unmap(&h.source);
	sockaddr_unmap(&h.destination);
	h.type = SOCK_STREAM;
	if (proxy_header_build(&h, &s->bytes, &err) < 0) {
		r = upgrade_fail(outcome, UPGRADE_LOCAL, 0, str_c(&err));
		outcome->is_hopeless = true;
	}
	str_fini(&err);
	return r;
}

static int send_header(void *state, struct channel **channel, struct upgrade_outcome *outcome)
{
	struct header_sending *s = state;
	struct channel *c = *channel;
	int r;

	if (!s->bytes.len && build(s, channel_socket(c), outcome) < 0)
		return UPGRADE_FAILED;
	while (s->sent < s->bytes.len) {
		ssize_t n = c->ops->send(c, s->bytes.data + s->sent, s->bytes.len - s->sent);

		if (n == -EAGAIN)
			return (int)c->send_wants;
		if (n < 0 && n != -EINTR)
			return upgrade_fail(outcome, UPGRADE_BROKEN, (int)n, NULL);
		s->sent += n > 0 ? (size_t)n : 0;
	}
	r = channel_flush(c); // what TLS with a proxy has taken
	if (r == -EAGAIN)
		return (int)c->send_wants;
	return r < 0 ? upgrade_fail(outcome, UPGRADE_BROKEN, r, NULL) : UPGRADE_DONE;
}

const struct upgrade_kind proxy_header_send = {
	.name = "the PROXY header",
	.create = create_sending,
	.step = send_header,
	.destroy = destroy_sending,
};

static void *create_accepting(void *arg)
{
	return arg;
}

static void destroy_accepting(void *state)
{
	(void)state; // the owner's
}

// Takes from the socket what belongs to the header, and nothing behind it. Returns as
// proxy_header_read() does, -EAGAIN, or another negative errno.
static int take(struct proxy_header *h, struct channel *c, struct str *err)
{
	char buffer[PROXY_V2_HEAD + PROXY_V2_MAX_LENGTH];
	size_t taken = 0;
	ssize_t n = sys_recv(channel_socket(c), buffer, sizeof(buffer), MSG_PEEK | MSG_DONTWAIT);
	int r;

	if (n <= 0)
		return n < 0 ? (int)n : -ECONNABORTED;
	r = proxy_header_read(h, buffer, (size_t)n, &taken, err);
	if (taken)
		n = c->ops->recv(c, buffer, taken);
	if (n < 0)
		return (int)n;
	return r;
}

static int accept_header(void *state, struct channel **channel, struct upgrade_outcome *outcome)
{
	struct proxy_header *h = state;
	struct str err = {0};
	int r;

	do {
		r = take(h, *channel, &err);
	} while (r == 0 || r == -EINTR);
	if (r == 1)
		r = UPGRADE_DONE;
	else if (r == -EAGAIN)
		r = WATCH_READ;
	else if (r == -EPROTO)
		r = upgrade_fail(outcome, UPGRADE_INVALID, 0, str_c(&err));
	else if (r == -ECONNABORTED)
		r = upgrade_fail(outcome, UPGRADE_BROKEN, 0, "it ended in its PROXY header");
	else
		r = upgrade_fail(outcome, UPGRADE_BROKEN, r, NULL);
	str_fini(&err);
	return r;
}

const struct upgrade_kind proxy_header_accept = {
	.name = "the PROXY header",
	.limit_ms = ACCEPT_LIMIT_MS,
	.create = create_accepting,
	.step = accept_header,
	.destroy = destroy_accepting,
};
