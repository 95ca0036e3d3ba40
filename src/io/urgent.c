// SPDX-License-Identifier: ISC
#include "io/urgent.h"

#include "base/util.h"
#include "sys/socket.h"

#include <assert.h>
#include <errno.h>

#define MAX_ROUNDS 8 // while data come in faster than can be looked at

int urgent_init(struct urgent *u, int fd, struct watch *watch, urgent_fn *fn, void *data)
{
	assert(watch && fn);
	*u = (struct urgent){.fd = fd, .watch = watch, .fn = fn, .data = data};
	watch_want_urgent(watch);
	return sys_setsockopt_int(fd, SOL_SOCKET, SO_OOBINLINE, 0);
}

static bool is_at_mark(const struct urgent *u)
{
	return sys_sockatmark(u->fd) > 0;
}

// Takes the urgent byte if the stream has been received up to its mark. Returns whether it has.
// The kernel hands a byte out once, so that asking again gets only one that has come since: with it
// the mark has moved ahead.
static bool take_at_mark(struct urgent *u)
{
	unsigned char byte;
	int before = 0;

	if (!is_at_mark(u))
		return false;
	if (sys_recv(u->fd, &byte, 1, MSG_OOB | MSG_DONTWAIT) != 1)
		return true;
	if (!is_at_mark(u) && sys_inq(u->fd, &before) < 0)
		before = 0;
	u->has_taken = true;
	u->taken_at = u->received + (uint64_t)before;
	u->fn(u->data, byte, u->taken_at);
	return before == 0;
}

static ssize_t receive(struct urgent *u, void *buf, size_t len, int flags)
{
	ssize_t n = sys_recv(u->fd, buf, len, MSG_DONTWAIT | flags);

	if (n <= 0)
		return n;
	u->received += (uint64_t)n;
	take_at_mark(u);
	return n;
}

// Receiving passes over an urgent byte that nobody has taken, also one that has come this moment.
// So no more is received than is known to stand before the mark, and the end of the stream is
// looked for without taking anything.
static ssize_t receive_before_mark(struct urgent *u, void *buf, size_t len, int flags)
{
	int before = 0;
	char byte;
	ssize_t n = -EAGAIN;

	for (int round = 0; round < MAX_ROUNDS; round++) {
		if (take_at_mark(u) && u->has_taken && u->taken_at == u->received)
			return receive(u, buf, len, flags);
		n = sys_inq(u->fd, &before);
		if (n < 0)
			return n;
		if (before > 0)
			return receive(u, buf, MIN(len, (size_t)before), flags);
		n = sys_recv(u->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
		if (n <= 0)
			return n;
	}
	return -EINTR; // to be asked again
}

ssize_t urgent_recv(struct urgent *u, void *buf, size_t len, int flags)
{
	ssize_t n = receive_before_mark(u, buf, len, flags);

	watch_want_urgent(u->watch); // it tells once
	return n;
}

ssize_t urgent_send(int fd, const void *data, size_t len)
{
	return sys_send(fd, data, len, MSG_OOB | MSG_DONTWAIT | MSG_NOSIGNAL);
}
