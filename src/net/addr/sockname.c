// SPDX-License-Identifier: ISC
#include "net/addr/sockname.h"

#include "sys/socket.h"

int sockname_local(int fd, struct sockaddr_any *a)
{
	return sys_getsockname(fd, a);
}

int sockname_peer(int fd, struct sockaddr_any *a)
{
	return sys_getpeername(fd, a);
}
