// SPDX-License-Identifier: ISC
// Channels of connected sockets: those of connections, and those that lead to a program.
#include "io/channel.h"

#include "base/mem.h"
#include "sys/file.h"
#include "sys/socket.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <sys/socket.h>

static ssize_t socket_recv(struct channel *c, void *buf, size_t len)
{
	const struct channel_calls *calls = channel_calls(c);

	// All that is wanted shall come in one call: ready says whether it is there.
	if (calls->recv_limit && !fd_is_ready(c->rd_fd, POLLIN))
		return -EAGAIN;
	if (calls->urgent)
		return urgent_recv(calls->urgent, buf, len, calls->recv_flags);
	return sys_recv(c->rd_fd, buf, len, MSG_DONTWAIT | calls->recv_flags);
}

static ssize_t socket_send(struct channel *c, const void *buf, size_t len)
{
	return sys_send(
		c->wr_fd, buf, len, MSG_DONTWAIT | MSG_NOSIGNAL | channel_calls(c)->send_flags);
}

static int socket_shut(struct channel *c, int how)
{
	return sys_shutdown(c->wr_fd, how);
}

static void set_reset(struct channel *c, bool resets)
{
	if (c->wr_info.is_tcp && c->is_guarded != resets)
		fd_close_by_reset(c->socket, resets);
}

void channel_guard(struct channel *c)
{
	if (channel_socket(c) < 0 || !c->is_private || !c->wr_info.is_tcp)
		return;
	set_reset(c, true);
	c->is_guarded = true;
}

static void socket_fini(struct channel *c)
{
	if (!c->is_private)
		return;
	set_reset(c, !c->is_whole);
	sys_close(c->socket);
}

static const struct channel_ops socket_ops = {.name = "socket",
	.recv = socket_recv,
	.send = socket_send,
	.shut = socket_shut,
	.fini = socket_fini};

// Of SOCK_SEQPACKET: one call moves one message, whole or not at all. An empty one cannot be told
// from the end (recv(2)).
static ssize_t message_recv(struct channel *c, void *buf, size_t len)
{
	int flags = MSG_DONTWAIT | MSG_TRUNC | channel_calls(c)->recv_flags;
	ssize_t n = sys_recv(c->rd_fd, buf, len, flags);

	c->has_more = n > 0; // a short message is no sign that no other waits
	return n > (ssize_t)len ? -EMSGSIZE : n;
}

static ssize_t message_send(struct channel *c, const void *buf, size_t len)
{
	int flags = MSG_DONTWAIT | MSG_NOSIGNAL | MSG_EOR | channel_calls(c)->send_flags;

	return sys_send(c->wr_fd, buf, len, flags);
}

static const struct channel_ops message_ops = {.name = "messages",
	.recv = message_recv,
	.send = message_send,
	.shut = socket_shut,
	.fini = socket_fini};

static void init(struct channel *c, const struct channel_ops *ops, uv_loop_t *loop, int fd)
{
	channel_init_member(c, ops);
	c->watch.loop = loop;
	c->socket = c->rd_fd = c->wr_fd = c->in = c->out = fd;
}

static void init_socket(
	struct channel *c, uv_loop_t *loop, int fd, bool is_private, const struct fd_info *info)
{
	assert(fd >= 0);
	bool has_messages = info->socket_type == SOCK_SEQPACKET;

	init(c, has_messages ? &message_ops : &socket_ops, loop, fd);
	c->is_private = is_private;
	c->may_splice = !has_messages;
	c->rd_info = c->wr_info = *info;
}

void channel_init_socket(struct channel *c, uv_loop_t *loop, int fd, bool is_private)
{
	struct fd_info info;

	if (is_private)
		fd_inspect_socket(fd, &info);
	else
		fd_inspect(fd, &info);
	init_socket(c, loop, fd, is_private, &info);
}

struct channel *channel_create_socket(uv_loop_t *loop, int fd, bool is_private)
{
	struct channel *c = xmalloc(sizeof(*c));

	channel_init_socket(c, loop, fd, is_private);
	return c;
}

struct channel *channel_create_stream(uv_loop_t *loop, int fd, int family)
{
	struct fd_info info = fd_info_of_socket(family, SOCK_STREAM);
	struct channel *c = xmalloc(sizeof(*c));

	init_socket(c, loop, fd, true, &info);
	return c;
}

static ssize_t program_recv(struct channel *c, void *buf, size_t len)
{
	ssize_t n = sys_recv(c->socket, buf, len, MSG_DONTWAIT);

	// It left input unread when it ended, which is told once, and then that it has ended.
	return n == -ECONNRESET ? sys_recv(c->socket, buf, len, MSG_DONTWAIT) : n;
}

static ssize_t program_send(struct channel *c, const void *buf, size_t len)
{
	ssize_t n = sys_send(c->socket, buf, len, MSG_DONTWAIT | MSG_NOSIGNAL);

	return n == -EPIPE || n == -ECONNRESET ? (ssize_t)len : n;
}

static void program_fini(struct channel *c)
{
	sys_close(c->socket);
}

// Splice would not see that the program has stopped reading.
static const struct channel_ops program_ops = {.name = "program",
	.recv = program_recv,
	.send = program_send,
	.shut = socket_shut,
	.fini = program_fini};

int channel_init_program(struct channel *c, uv_loop_t *loop, int *theirs)
{
	int pair[2];
	int r = sys_socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair);

	if (r < 0)
		return r;
	init(c, &program_ops, loop, pair[0]);
	c->is_private = true;
	c->rd_info = c->wr_info = fd_info_of_socket(AF_UNIX, SOCK_STREAM);
	*theirs = pair[1];
	return 0;
}
