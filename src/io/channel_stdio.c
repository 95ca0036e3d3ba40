// SPDX-License-Identifier: ISC
// Channels of two descriptors that others share, such as stdin and stdout, and of files.
#include "io/channel.h"

#include "base/mem.h"
#include "base/util.h"
#include "io/stdio.h"
#include "sys/fd_calls.h"
#include "sys/file.h"
#include "sys/loop.h"
#include "sys/socket.h"

#include <assert.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

ssize_t channel_recv_fd(struct channel *c, void *buf, size_t len)
{
	if (c->has_offset) {
		ssize_t n = sys_pread(c->rd_fd, buf, len, c->offset);

		c->offset += MAX(n, 0);
		return n;
	}
	return stdio_read_fd(c->rd_fd, &c->rd_info, &c->watch, buf, len);
}

static ssize_t send_out(struct channel *c, const void *buf, size_t len)
{
	return stdio_write_fd(c->wr_fd, &c->wr_info, c->wr, buf, len);
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
	nothing = sys_epoll_create(0);
	if (nothing >= 0 && nothing != fd) {
		sys_dup2(nothing, fd);
		sys_close_internal(nothing);
	}
	return r;
}

// The second watch is apart, for sockets need but one and there are thousands of them.
static void end_output_watch(struct channel *c)
{
	if (!c->wr)
		return;
	watch_fini(c->wr);
	free(c->wr);
	c->wr = NULL;
}

// Closing is how a pipe or a file learns that nothing more comes.
static int shut_out(struct channel *c, int how)
{
	int wr_fd = c->wr_fd;
	int out = c->out;

	if (out < 0)
		return 0;
	if (c->wr_info.kind == FD_SOCKET)
		sys_shutdown(out, how);
	end_output_watch(c);
	c->wr_fd = c->out = -1;
	if (wr_fd != out)
		sys_close(wr_fd);
	return close_output(out);
}

static void close_reopened(struct channel *c)
{
	end_output_watch(c);
	if (c->rd_fd != c->in)
		sys_close(c->rd_fd);
	if (c->wr_fd != c->out)
		sys_close(c->wr_fd);
}

static const struct channel_ops stdio_ops = {.name = "stdio",
	.recv = channel_recv_fd,
	.send = send_out,
	.shut = shut_out,
	.fini = close_reopened};

int channel_init_stdio(struct channel *c, uv_loop_t *loop, int in, int out)
{
	int r;

	channel_init_member(c, &stdio_ops);
	c->rd = &c->watch;
	c->wr = xcalloc(1, sizeof(*c->wr));
	c->rd_fd = c->in = in;
	c->wr_fd = c->out = out;
	c->may_splice = true;
	r = stdio_open_fd(&c->rd_fd, &c->rd_info, c->rd, loop, O_RDONLY);
	if (c->rd_info.kind == FD_FILE)
		c->file_left = fd_place(in).left;
	if (r == 0)
		r = stdio_open_fd(&c->wr_fd, &c->wr_info, c->wr, loop, O_WRONLY);
	return r;
}

// The descriptor is the owner's.
static const struct channel_ops file_ops = {
	.name = "file", .recv = channel_recv_fd, .send = send_out, .shut = shut_out};

void channel_init_file(struct channel *c, int in, const struct fd_place *place)
{
	assert(in >= 0);
	channel_init_member(c, &file_ops);
	c->rd_fd = c->in = in;
	c->may_splice = true;
	c->offset = place->position;
	c->has_offset = true;
	c->file_left = place->left;
	fd_inspect(in, &c->rd_info);
}
