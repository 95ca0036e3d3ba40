// SPDX-License-Identifier: ISC
#include "io/stdio.h"

#include "base/util.h"
#include "sys/datagram.h"
#include "sys/file.h"
#include "sys/socket.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <unistd.h>

int stdio_init(struct stdio *s, uv_loop_t *loop, int given, int mode, watch_fn *cb, void *data)
{
	unsigned flags = mode == O_WRONLY ? WATCH_OUTPUT : 0;
	int r;

	*s = (struct stdio){.given = given, .fd = given};
	r = fd_inspect(given, &s->info);
	if (r < 0)
		return r;
	r = fd_reopen(given, &s->info, mode);
	if (r >= 0)
		s->fd = r;
	else
		flags |= WATCH_SHARED;
	return watch_init(&s->watch, loop, s->fd, flags, cb, data);
}

void stdio_fini(struct stdio *s)
{
	if (!s->watch.loop)
		return;
	watch_fini(&s->watch);
	if (s->fd != s->given)
		sys_close(s->fd);
}

// A blocking descriptor that we may neither change nor open anew must not be used before it is
// ready.
static bool would_block(const struct stdio *s, short events)
{
	struct pollfd pfd = {.fd = s->fd, .events = events};

	return s->watch.flags & WATCH_SHARED && !watch_is_always_ready(&s->watch) &&
	       poll(&pfd, 1, 0) <= 0;
}

ssize_t stdio_read(struct stdio *s, void *buf, size_t len)
{
	if (s->info.kind == FD_SOCKET)
		return sys_recv(s->fd, buf, len, MSG_DONTWAIT);
	if (would_block(s, POLLIN))
		return -EAGAIN;
	return sys_read(s->fd, buf, len);
}

ssize_t stdio_writev(struct stdio *s, const struct iovec *pieces, size_t count)
{
	struct msghdr message = {
		.msg_iov = (struct iovec *)pieces, .msg_iovlen = MIN(count, (size_t)IOV_MAX)};

	if (s->info.kind == FD_SOCKET)
		return sys_sendmsg(s->fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
	if (would_block(s, POLLOUT))
		return -EAGAIN;
	// A pipe that is ready takes PIPE_BUF bytes without blocking, and no more for sure.
	if (s->watch.flags & WATCH_SHARED && !watch_is_always_ready(&s->watch))
		return sys_write(s->fd, pieces->iov_base, MIN(pieces->iov_len, (size_t)PIPE_BUF));
	return sys_writev(s->fd, pieces, (int)message.msg_iovlen);
}
