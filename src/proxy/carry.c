// SPDX-License-Identifier: ISC
#include "proxy/carry.h"

#include "io/watch.h"
#include "sys/socket.h"
#include "sys/trace_secret.h"

#include <errno.h>

#define PEEK_BYTES 2048 // at a time; answers of proxies are shorter, as a rule

// Sends what is to be sent. Returns 0, -EAGAIN, or the error that broke the connection.
static int send_all(struct dialogue *d, int fd)
{
	while (d->send.len) {
		ssize_t n;

		trace_set_secret(d->send.data + d->secret_at, d->secret_len);
		n = sys_send(fd, d->send.data, d->send.len, MSG_NOSIGNAL);
		trace_set_secret(NULL, 0);
		// Who takes no more may have said why.
		if (n == -EPIPE)
			n = (ssize_t)d->send.len;
		if (n < 0)
			return (int)n;
		dialogue_sent(d, (size_t)n);
	}
	return 0;
}

// Takes N bytes, which are there.
static int drop(int fd, size_t n)
{
	char buf[PEEK_BYTES];

	while (n) {
		ssize_t got = sys_recv(fd, buf, MIN(n, sizeof(buf)), 0);

		if (got <= 0)
			return got < 0 ? (int)got : -ECONNRESET;
		n -= (size_t)got;
	}
	return 0;
}

enum dialogue_step dialogue_carry(struct dialogue *d, int fd, unsigned *wants)
{
	enum dialogue_step step = DIALOGUE_MORE;

	while (step == DIALOGUE_MORE) {
		char buf[PEEK_BYTES];
		size_t taken;
		ssize_t n;
		int r;

		if (d->send.len) {
			r = send_all(d, fd);
			*wants = r < 0 ? WATCH_WRITE : WATCH_READ; // no answer can be there yet
			return r == 0 || r == -EAGAIN ? DIALOGUE_MORE : dialogue_end(d, r);
		}
		n = sys_recv(fd, buf, sizeof(buf), MSG_PEEK);
		*wants = WATCH_READ;
		if (n == -EAGAIN)
			return DIALOGUE_MORE;
		if (n <= 0)
			return dialogue_end(d, (int)n);
		step = dialogue_read(d, buf, (size_t)n, &taken);
		r = drop(fd, taken);
		if (r < 0 && step != DIALOGUE_FAILED)
			return dialogue_end(d, r);
	}
	return step;
}
