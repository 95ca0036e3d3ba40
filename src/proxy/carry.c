// SPDX-License-Identifier: ISC
#include "proxy/carry.h"

#include "base/util.h"
#include "io/watch.h"
#include "sys/socket.h"
#include "sys/trace_secret.h"

#include <errno.h>

#define PEEK_BYTES 2048 // at a time; answers of proxies are shorter, as a rule

// True where the bytes are those of the socket, which can be looked at.
static bool is_plain(const struct channel *c)
{
	return channel_splice_source(c) >= 0;
}

// The bytes that may be there next: looks at those of a socket without taking them. What the bytes
// pass through otherwise gives one at a time, which is then taken. Returns how many, 0 at the end,
// -EAGAIN, or another negative errno.
static ssize_t look(struct channel *c, void *buf, size_t len)
{
	if (is_plain(c))
		return sys_recv(channel_socket(c), buf, len, MSG_PEEK | MSG_DONTWAIT);
	return c->ops->recv(c, buf, 1);
}

// Takes N of the bytes that look() gave. Returns 0 or a negative errno.
static int take(struct channel *c, size_t n)
{
	char buf[PEEK_BYTES];

	while (n && is_plain(c)) {
		ssize_t got = sys_recv(channel_socket(c), buf, MIN(n, sizeof(buf)), MSG_DONTWAIT);

		if (got <= 0)
			return got < 0 ? (int)got : -ECONNRESET;
		n -= (size_t)got;
	}
	return 0;
}

// Sends what is to be sent. Returns 0, -EAGAIN, or the error that broke the connection.
static int send_all(struct dialogue *d, struct channel *c)
{
	while (d->send.len) {
		ssize_t n;

		trace_set_secret(d->send.data + d->secret_at, d->secret_len);
		n = c->ops->send(c, d->send.data, d->send.len);
		trace_set_secret(NULL, 0);
		// Who takes no more may have said why.
		if (n == -EPIPE)
			n = (ssize_t)d->send.len;
		if (n < 0)
			return (int)n;
		dialogue_sent(d, (size_t)n);
	}
	return channel_flush(c);
}

enum dialogue_step dialogue_carry(struct dialogue *d, struct channel *c, unsigned *wants)
{
	enum dialogue_step step = DIALOGUE_MORE;

	while (step == DIALOGUE_MORE) {
		char buf[PEEK_BYTES];
		size_t taken;
		ssize_t n;
		int r;

		if (d->send.len || c->unsent) {
			r = send_all(d, c);
			*wants =
				r < 0 ? c->send_wants : c->recv_wants; // no answer can be there yet
			if (r < 0 || !c->has_more)
				return r == 0 || r == -EAGAIN ? DIALOGUE_MORE : dialogue_end(d, r);
		}
		n = look(c, buf, sizeof(buf));
		*wants = c->recv_wants;
		if (n == -EAGAIN)
			return DIALOGUE_MORE;
		if (n <= 0)
			return dialogue_end(d, (int)n);
		step = dialogue_read(d, buf, (size_t)n, &taken);
		r = take(c, taken);
		if (r < 0 && step != DIALOGUE_FAILED)
			return dialogue_end(d, r);
	}
	return step;
}
