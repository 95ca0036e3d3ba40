// SPDX-License-Identifier: ISC
#include "sys/message.h"

#include "sys/file.h"
#include "sys/trace.h"

#include <string.h>

#ifndef SCM_PIDFD // Linux 6.5
#define SCM_PIDFD 0x04
#endif

ssize_t sys_sendmsg(int fd, const struct msghdr *message, int flags)
{
	TRACE_START();
	ssize_t ret = SYS_RESULT(sendmsg(fd, message, flags));

	TRACE("sendmsg", ret, T_FD(fd), T_MESSAGE(message), T_FLAGS(names_msg, flags));
	return ret;
}

int sys_sendmmsg(int fd, struct mmsghdr *messages, unsigned count, int flags)
{
	TRACE_START();
	int ret = SYS_RESULT(sendmmsg(fd, messages, count, flags));

	TRACE("sendmmsg", ret, T_FD(fd), T_MESSAGES(messages, count, true), T_UINT(count),
		T_FLAGS(names_msg, flags));
	return ret;
}

// Closes what a control message brought if that is descriptors: those that the sender of a Unix
// datagram passed (unix(7), SCM_RIGHTS), or that of its process (SO_PASSPIDFD).
static void close_passed(const struct cmsghdr *c)
{
	size_t len = c->cmsg_len - CMSG_LEN(0);
	int fd;

	if (c->cmsg_level != SOL_SOCKET ||
		(c->cmsg_type != SCM_RIGHTS && c->cmsg_type != SCM_PIDFD))
		return;
	for (size_t i = 0; i + sizeof(fd) <= len; i += sizeof(fd)) {
		memcpy(&fd, CMSG_DATA(c) + i, sizeof(fd));
		if (fd >= 0)
			sys_close(fd);
	}
}

static void close_all_passed(struct mmsghdr *messages, int count)
{
	for (int i = 0; i < count; i++) {
		struct msghdr *m = &messages[i].msg_hdr;

		for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c))
			close_passed(c);
	}
}

int sys_recvmmsg(int fd, struct mmsghdr *messages, unsigned count, int flags)
{
	TRACE_START();
	int ret = SYS_RESULT(recvmmsg(fd, messages, count, flags, NULL));

	TRACE("recvmmsg", ret, T_FD(fd), T_MESSAGES(messages, ret < 0 ? 0 : ret, false),
		T_UINT(count), T_FLAGS(names_msg, flags), T_TEXT("NULL"));
	close_all_passed(messages, ret);
	return ret;
}
