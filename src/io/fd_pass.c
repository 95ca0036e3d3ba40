// SPDX-License-Identifier: ISC
#include "io/fd_pass.h"

#include "sys/message.h"
#include "sys/socket.h"

#include <string.h>
#include <sys/socket.h>

bool fd_can_pass(int fd)
{
	int domain = 0;
	socklen_t len = sizeof(domain);

	return sys_getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &len) == 0 && domain == AF_UNIX;
}

int fd_pass(int over, int fd)
{
	union {
		struct cmsghdr header; // for its alignment
		char bytes[CMSG_SPACE(sizeof(int))];
	} control = {0};
	char zero = '\0';
	struct iovec piece = {&zero, sizeof(zero)};
	const struct msghdr message = {.msg_iov = &piece,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control.bytes)};
	struct cmsghdr *c = CMSG_FIRSTHDR(&message);
	ssize_t n;

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(fd));
	memcpy(CMSG_DATA(c), &fd, sizeof(fd));
	n = sys_sendmsg(over, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
	return n < 0 ? (int)n : 0;
}
