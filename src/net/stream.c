// SPDX-License-Identifier: ISC
#include "net/stream.h"

#include "base/util.h"
#include "sys/socket.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>

void stream_set_defaults(int fd)
{
	static const struct {
		int level, option, value;
	} defaults[] = {
		{SOL_SOCKET, SO_KEEPALIVE, 1},
		{IPPROTO_TCP, TCP_KEEPIDLE, 60},
		{IPPROTO_TCP, TCP_KEEPINTVL, 10},
		{IPPROTO_TCP, TCP_KEEPCNT, 6},
		{SOL_SOCKET, SO_OOBINLINE, 1},
		{IPPROTO_TCP, TCP_NODELAY, 1},
	};

	for (size_t i = 0; i < ARRAY_SIZE(defaults); i++)
		sys_setsockopt_int(fd, defaults[i].level, defaults[i].option, defaults[i].value);
}

int stream_credentials(int fd, struct ucred *who)
{
	int family = AF_UNSPEC;
	socklen_t len = sizeof(family);
	int r = sys_getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &family, &len);

	if (r < 0)
		return r;
	if (family != AF_UNIX)
		return -EOPNOTSUPP;
	len = sizeof(*who);
	return sys_getsockopt(fd, SOL_SOCKET, SO_PEERCRED, who, &len);
}
