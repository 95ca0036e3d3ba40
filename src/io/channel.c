// SPDX-License-Identifier: ISC
#include "io/channel.h"

#include "base/util.h"
#include "io/stdio.h"
#include "sys/file.h"
#include "sys/socket.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/epoll.h>
#include <unistd.h>

static ssize_t socket_recv(struct channel *e, void *buf, size_t len)
{
	// All that is wanted shall come in one call: ready says whether it is there.
	if (e->recv_limit && !fd_is_ready(e->rd_fd, POLLIN))
		return -EAGAIN;
	if (e->urgent)
		return urgent_recv(e->urgent, buf, len, e->recv_flags);
	return sys_recv(e->rd_fd, buf, len, MSG_DONTWAIT | e->recv_flags);
}

static ssize_t socket_send(struct channel *e, const void *buf, size_t len)
{
	return sys_send(e->wr_fd, buf, len, MSG_DONTWAIT | MSG_NOSIGNAL | e->send_flags);
}

static int socket_shut(struct channel *e, int how)
{
	return sys_shutdown(e->wr_fd, how);
}

static const struct channel_ops socket_ops = {socket_recv, socket_send, socket_shut};

ssize_t channel_recv_fd(struct channel *e, void *buf, size_t len)
{
	if (e->offset) {
		ssize_t n = sys_pread(e->rd_fd, buf, len, *e->offset);

		*e->offset += MAX(n, 0);
		return n;
	}
	return stdio_read_fd(e->rd_fd, &e->rd_info, &e->watches[0], buf, len);
}

static ssize_t stdio_send(struct channel *e, const void *buf, size_t len)
{
	return stdio_write_fd(e->wr_fd, &e->wr_info, e->wr, buf, len);
}

// Closes FD; so that nothing else takes the number of a standard descriptor, something takes it
// that can neither be read nor written, and that a sandbox lets us make: a set of nothing to wait
// for.
static int close_output(int fd)
{
	int nothing;
	int r;

	if (fd > STDERR_FILENO)
		return sys_close(fd);
	r = sys_close(fd); // tells what a write that was put off met, such as a full disk
	nothing = epoll_create1(0);
	if (nothing >= 0 && nothing != fd) {
		dup2(nothing, fd);
		sys_close(nothing);
	}
	return r;
}

// Closing is how a pipe or a file learns that nothing more comes.
static int stdio_shut(struct channel *e, int how)
{
	int wr_fd = e->wr_fd;
	int out = e->out;

	if (out < 0)
		return 0;
	if (e->wr_info.kind == FD_SOCKET)
		sys_shutdown(out, how);
	watch_fini(e->wr);
	e->wr = NULL;
	e->wr_fd = e->out = -1;
	if (wr_fd != out)
		sys_close(wr_fd);
	return close_output(out);
}

static const struct channel_ops stdio_ops = {channel_recv_fd, stdio_send, stdio_shut};

int channel_init_socket(
	struct channel *e, uv_loop_t *loop, int fd, bool is_private, watch_fn *cb, void *data)
{
	int r;

	*e = (struct channel){.ops = &socket_ops,
		.rd = &e->watches[0],
		.wr = &e->watches[0],
		.rd_fd = fd,
		.wr_fd = fd,
		.in = fd,
		.out = fd,
		.is_private = is_private};
	if (is_private)
		fd_inspect_socket(fd, &e->rd_info);
	else
		fd_inspect(fd, &e->rd_info);
	e->wr_info = e->rd_info;
	r = watch_init(e->rd, loop, fd, is_private ? 0 : WATCH_SHARED, cb, data);
	if (r < 0)
		e->is_private = false; // still the caller's
	return r;
}

static ssize_t program_recv(struct channel *e, void *buf, size_t len)
{
	ssize_t n = sys_recv(e->in, buf, len, MSG_DONTWAIT);

	return n == -ECONNRESET ? 0 : n; // it left input unread when it ended
}

static ssize_t program_send(struct channel *e, const void *buf, size_t len)
{
	ssize_t n = sys_send(e->in, buf, len, MSG_DONTWAIT | MSG_NOSIGNAL);

	return n == -EPIPE || n == -ECONNRESET ? (ssize_t)len : n;
}

static int program_shut(struct channel *e, int how)
{
	int r = sys_shutdown(e->in, how);

	return r == -ENOTCONN ? 0 : r;
}

static const struct channel_ops program_ops = {program_recv, program_send, program_shut};

int channel_init_program(struct channel *e, uv_loop_t *loop, int *theirs, watch_fn *cb, void *data)
{
	int pair[2];
	int r = sys_socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair);

	if (r < 0)
		return r;
	r = channel_init_socket(e, loop, pair[0], true, cb, data);
	e->ops = &program_ops;
	e->rd_fd = e->wr_fd = -1; // the calls above must see the bytes
	*theirs = pair[1];
	if (r < 0) {
		sys_close(pair[0]);
		sys_close(pair[1]);
	}
	return r;
}

int channel_init_stdio(
	struct channel *e, uv_loop_t *loop, int in, int out, watch_fn *cb, void *data)
{
	*e = (struct channel){.ops = &stdio_ops,
		.rd = &e->watches[0],
		.wr = &e->watches[1],
		.rd_fd = in,
		.wr_fd = out,
		.in = in,
		.out = out,
		.is_private = true};
	int r = stdio_open_fd(&e->rd_fd, &e->rd_info, e->rd, loop, O_RDONLY, cb, data);

	if (r == 0)
		r = stdio_open_fd(&e->wr_fd, &e->wr_info, e->wr, loop, O_WRONLY, cb, data);
	return r;
}

void channel_init_file(struct channel *e, int in, off_t position)
{
	*e = (struct channel){.ops = &stdio_ops,
		.rd_fd = in,
		.wr_fd = -1,
		.in = in,
		.out = -1,
		.own_offset = position};
	e->offset = &e->own_offset;
	fd_inspect(in, &e->rd_info);
}

void channel_fini(struct channel *e)
{
	watch_fini(&e->watches[0]);
	watch_fini(&e->watches[1]);
	if (e->is_private && (e->ops == &socket_ops || e->ops == &program_ops)) {
		sys_close(e->in);
	} else if (e->is_private) {
		if (e->rd_fd != e->in)
			sys_close(e->rd_fd);
		if (e->wr_fd != e->out)
			sys_close(e->wr_fd);
	}
	*e = (struct channel){.rd_fd = -1, .wr_fd = -1, .in = -1, .out = -1};
}

int channel_take(struct channel *e)
{
	int fd = e->in;

	e->is_private = false;
	channel_fini(e);
	return fd;
}
