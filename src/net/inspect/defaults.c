// SPDX-License-Identifier: ISC
#include "net/inspect/defaults.h"

#include "net/sockopt.h"
#include "sys/file.h"
#include "sys/socket.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>

const struct defaults_kind defaults_kinds[] = {
	{"tcp", SOCKOPT_TCP, SOCK_STREAM, false, false},
	{"udp", SOCKOPT_UDP, SOCK_DGRAM, false, false},
	{"unix", SOCKOPT_UNIX, SOCK_STREAM, true, false},
	{"raw", SOCKOPT_RAW, SOCK_RAW, false, false},
	{"listen", SOCKOPT_TCP, SOCK_STREAM, false, true},
	{0},
};

const struct defaults_kind *defaults_kind_find(const char *name)
{
	for (const struct defaults_kind *k = defaults_kinds; k->name; k++)
		if (strcmp(k->name, name) == 0)
			return k;
	return NULL;
}

// Unbound, so that the kernel chooses a port: nobody is told it and the socket is closed at once.
static int open_one(const struct defaults_kind *kind, int family)
{
	int protocol = kind->type != SOCK_RAW ? 0
		       : family == AF_INET6   ? (int)IPPROTO_ICMPV6
					      : (int)IPPROTO_ICMP;
	int fd = sys_socket(family, kind->type | SOCK_CLOEXEC, protocol);
	int r = fd < 0 || !kind->listening ? 0 : sys_listen(fd, 1);

	if (r < 0) {
		sys_close(fd);
		return r;
	}
	return fd;
}

int defaults_open(struct defaults *f, const struct defaults_kind *kind)
{
	f->fd = open_one(kind, kind->unix_domain ? AF_UNIX : AF_INET);
	f->fd6 = kind->unix_domain ? -EOPNOTSUPP : open_one(kind, AF_INET6);
	return f->fd < 0 ? f->fd : 0;
}

void defaults_close(struct defaults *f)
{
	if (f->fd >= 0)
		sys_close(f->fd);
	if (f->fd6 >= 0)
		sys_close(f->fd6);
}

int defaults_read(const struct defaults *f, const struct sockopt *o, struct sockopt_value *v)
{
	int fd = o->level == IPPROTO_IPV6 ? f->fd6 : f->fd;

	return fd < 0 ? fd : sockopt_read(fd, o, v);
}
