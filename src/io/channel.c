// SPDX-License-Identifier: ISC
#include "io/channel.h"

#include "base/mem.h"
#include "base/util.h"
#include "sys/file.h"
#include "sys/socket.h"

#include <assert.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/socket.h>

#define DROP_ROUNDS 256 // per turn

void channel_init_member(struct channel *c, const struct channel_ops *ops)
{
	assert(ops && ops->recv && ops->send && ops->shut);
	*c = (struct channel){.ops = ops,
		.recv_wants = WATCH_READ,
		.send_wants = WATCH_WRITE,
		.rd_info.kind = FD_OTHER,
		.wr_info.kind = FD_OTHER,
		.socket = -1,
		.rd_fd = -1,
		.wr_fd = -1,
		.in = -1,
		.out = -1};
}

const struct channel_calls *channel_calls(const struct channel *c)
{
	static const struct channel_calls usual;

	return c->calls ? c->calls : &usual;
}

struct channel_calls *channel_change_calls(struct channel *c)
{
	if (!c->calls)
		c->calls = xcalloc(1, sizeof(*c->calls));
	return c->calls;
}

static void set_callback(struct watch *w, watch_fn *cb, void *data)
{
	w->cb = cb;
	w->data = data;
}

static int watch_socket(const struct channel *c, int fd, struct watch *w, watch_fn *cb, void *data)
{
	unsigned flags = (c->is_private ? 0u : WATCH_SHARED) |
			 (channel_keeps_boundaries(c) ? WATCH_DATAGRAM : 0u);

	return watch_init(w, c->watch.loop, fd, flags, cb, data);
}

int channel_watch(struct channel *c, watch_fn *cb, void *data)
{
	assert(c->ops);
	if (channel_socket(c) >= 0 && !c->rd) {
		int r = watch_socket(c, c->socket, &c->watch, cb, data);

		if (r == 0)
			c->rd = c->wr = &c->watch;
		return r;
	}
	if (c->rd)
		set_callback(c->rd, cb, data);
	if (c->wr)
		set_callback(c->wr, cb, data);
	return 0;
}

int channel_replace_socket(struct channel *c, int fd)
{
	struct watch watch;
	int r;

	assert(c->is_private && channel_socket(c) >= 0);
	if (c->rd) {
		r = watch_socket(c, fd, &watch, c->watch.cb, c->watch.data);
		if (r < 0)
			return r;
		watch_want(&watch, c->watch.wanted);
		watch_fini(&c->watch);
		c->watch = watch;
		watch_moved(&c->watch);
	}
	sys_close(c->socket);
	c->socket = c->rd_fd = c->wr_fd = c->in = c->out = fd;
	return 0;
}

void channel_unwatch(struct channel *c)
{
	if (channel_socket(c) < 0)
		return;
	watch_fini(&c->watch);
	c->rd = c->wr = NULL;
}

struct channel *channel_grow(struct channel *c, size_t size)
{
	bool is_watched = c->rd;

	c = xrealloc(c, size);
	if (is_watched)
		c->rd = c->wr = &c->watch;
	watch_moved(&c->watch);
	return c;
}

void channel_want(struct channel *c, bool recv, bool send)
{
	unsigned rd = recv ? c->recv_wants : 0;
	unsigned wr = send ? c->send_wants : 0;

	if (c->rd == c->wr) {
		if (c->rd)
			watch_want(c->rd, rd | wr);
		return;
	}
	if (c->rd)
		watch_want(c->rd, rd);
	if (c->wr)
		watch_want(c->wr, wr);
}

void channel_fini(struct channel *c)
{
	watch_fini(&c->watch);
	if (c->ops && c->ops->fini)
		c->ops->fini(c);
	free(c->calls);
	*c = (struct channel){0};
}

void channel_destroy(struct channel *c)
{
	if (!c)
		return;
	channel_fini(c);
	free(c);
}

int channel_release(struct channel *c)
{
	int fd = channel_socket(c);

	assert(channel_socket(c) >= 0);
	c->is_private = false;
	channel_destroy(c);
	return fd;
}

void channel_complete(struct channel *c)
{
	if (c)
		c->is_whole = true;
}

int channel_flush(struct channel *c)
{
	ssize_t n = c->unsent ? c->ops->send(c, NULL, 0) : 0;

	assert(c->ops);
	if (n < 0)
		return (int)n;
	return c->unsent ? -EAGAIN : 0;
}

int channel_take_error(struct channel *c)
{
	if (channel_socket(c) < 0)
		return 0;
	return c->ops->take_error ? c->ops->take_error(c) : sys_socket_error(c->socket);
}

static bool is_of_paths(int fd)
{
	int protocol = 0;
	socklen_t len = sizeof(protocol);

	return sys_getsockopt(fd, SOL_SOCKET, SO_PROTOCOL, &protocol, &len) == 0 &&
	       protocol == IPPROTO_MPTCP;
}

// The same for a TCP socket.
static int unacknowledged(int fd)
{
	struct tcp_info info = {0};
	socklen_t len = sizeof(info);
	int bytes = 0;
	int error;

	if (sys_outq(fd, &bytes) < 0 || bytes == 0)
		return 0;
	error = sys_socket_error(fd);
	if (error)
		return error;
	// A reset that came in the middle of a call may have been taken for the end of that call
	// only. The last acknowledgement closes the connection, too, and may have come just now.
	if (sys_getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len) < 0)
		return 0;
	// One of several paths may be gone.
	if (info.tcpi_state != TCP_CLOSE || is_of_paths(fd))
		return bytes;
	return sys_outq(fd, &bytes) == 0 && bytes ? -ECONNRESET : 0;
}

int channel_unacknowledged(const struct channel *c)
{
	int left = 0;

	if (channel_socket(c) >= 0 && c->wr_info.is_tcp)
		left = unacknowledged(c->socket);
	return left < 0 ? left : (int)MIN((size_t)left + c->unsent, (size_t)INT32_MAX);
}

int channel_queued(const struct channel *c)
{
	int queued = 0;

	if (channel_socket(c) >= 0)
		sys_outq(c->socket, &queued);
	return queued;
}

// Returns 0 or the error that ended the connection.
static int drop_input(struct channel *c, bool *ended)
{
	const struct channel_calls *calls = channel_calls(c);
	char buffer[4096]; // no page more of the stack

	// What an inherited socket still holds is for the next who has it.
	if (!c->is_private && (calls->recv_limit || calls->recv_flags & MSG_PEEK))
		return 0;
	for (int round = 0; round < DROP_ROUNDS && !*ended; round++) {
		ssize_t n = c->ops->recv(c, buffer, sizeof(buffer));

		if (n == 0)
			*ended = true;
		else if (n == -EAGAIN)
			return 0;
		else if (n < 0 && n != -EINTR && n != -EMSGSIZE)
			return (int)n;
	}
	return 0;
}

int channel_settle(struct channel *c, bool *ended)
{
	int r = channel_flush(c);

	assert(c->ops);
	if (r == 0 || r == -EAGAIN)
		r = drop_input(c, ended);
	return r == 0 ? channel_unacknowledged(c) : r;
}

const char *channel_failure(const struct channel *c)
{
	return c->ops && c->ops->failure ? c->ops->failure(c) : NULL;
}
