// SPDX-License-Identifier: ISC
#include "io/stdio.h"

#include "base/util.h"
#include "sys/file.h"
#include "sys/message.h"
#include "sys/socket.h"
#include "sys/trace.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <unistd.h>

int stdio_open_fd(int *fd, struct fd_info *info, struct watch *w, uv_loop_t *loop, int mode)
{
	unsigned flags = mode == O_WRONLY ? WATCH_OUTPUT : 0;
	int r = fd_inspect(*fd, info);

	assert(mode == O_RDONLY || mode == O_WRONLY);
	if (r < 0)
		return r;
	// A trace shows the descriptors that the user knows.
	r = trace_is_plain() ? -EOPNOTSUPP : fd_reopen(*fd, info, mode);
	if (r >= 0)
		*fd = r;
	else
		flags |= WATCH_SHARED;
	return watch_init(w, loop, *fd, flags, NULL, NULL);
}

int stdio_init(struct stdio *s, uv_loop_t *loop, int given, int mode, watch_fn *cb, void *data)
{
	int r;

	*s = (struct stdio){.given = given, .fd = given};
	r = stdio_open_fd(&s->fd, &s->info, &s->watch, loop, mode);
	s->watch.cb = cb;
	s->watch.data = data;
	return r;
}

void stdio_fini(struct stdio *s)
{
	if (!s->watch.loop)
		return;
	watch_fini(&s->watch);
	if (s->fd != s->given)
		sys_close(s->fd);
}

// A blocking descriptor that we may neither change nor open anew.
static bool may_block(const struct watch *w)
{
	return w->flags & WATCH_SHARED && !watch_is_always_ready(w);
}

// It must not be used before it is ready.
static bool would_block(int fd, const struct watch *w, short events)
{
	return may_block(w) && !fd_is_ready(fd, events);
}

ssize_t stdio_read_fd(
	int fd, const struct fd_info *info, const struct watch *w, void *buf, size_t len)
{
	if (info->kind == FD_SOCKET)
		return sys_recv(fd, buf, len, MSG_DONTWAIT);
	if (would_block(fd, w, POLLIN))
		return -EAGAIN;
	return sys_read(fd, buf, len);
}

ssize_t stdio_write_fd(
	int fd, const struct fd_info *info, const struct watch *w, const void *buf, size_t len)
{
	if (info->kind == FD_SOCKET)
		return sys_send(fd, buf, len, MSG_DONTWAIT | MSG_NOSIGNAL);
	if (would_block(fd, w, POLLOUT))
		return -EAGAIN;
	// A pipe that is ready takes PIPE_BUF bytes without blocking, and no more for sure.
	return sys_write(fd, buf, may_block(w) ? MIN(len, (size_t)PIPE_BUF) : len);
}

ssize_t stdio_read(struct stdio *s, void *buf, size_t len)
{
	return stdio_read_fd(s->fd, &s->info, &s->watch, buf, len);
}

ssize_t stdio_writev(struct stdio *s, const struct iovec *pieces, size_t count)
{
	struct msghdr message = {
		.msg_iov = (struct iovec *)pieces, .msg_iovlen = MIN(count, (size_t)IOV_MAX)};

	if (s->info.kind == FD_SOCKET)
		return sys_sendmsg(s->fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
	if (may_block(&s->watch))
		return stdio_write_fd(
			s->fd, &s->info, &s->watch, pieces->iov_base, pieces->iov_len);
	return sys_writev(s->fd, pieces, (int)message.msg_iovlen);
}
