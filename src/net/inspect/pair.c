// SPDX-License-Identifier: ISC
#include "net/inspect/pair.h"

#include "sys/file.h"
#include "sys/socket.h"

#include <errno.h>
#include <netinet/in.h>

// A socket of its own port on loopback; *local becomes its address.
static int open_bound(int family, int type, struct sockaddr_any *local, enum step *step)
{
	const struct sockaddr_in in = {
		.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	const struct sockaddr_in6 in6 = {
		.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
	int fd = sys_socket(family, type | SOCK_CLOEXEC, 0);
	int r = fd;

	*step = STEP_SOCKET;
	if (r >= 0) {
		*step = STEP_BIND;
		if (family == AF_INET6)
			r = sys_bind(fd, (const struct sockaddr *)&in6, sizeof(in6));
		else
			r = sys_bind(fd, (const struct sockaddr *)&in, sizeof(in));
	}
	if (r == 0) {
		*step = STEP_NAME;
		r = sys_getsockname(fd, local);
	}
	if (r < 0 && fd >= 0)
		sys_close(fd);
	return r < 0 ? r : fd;
}

// A socket of the Unix domain whose name the kernel chooses (unix(7), autobind).
static int open_named(int type, struct sockaddr_any *local, enum step *step)
{
	const struct sockaddr_un un = {.sun_family = AF_UNIX};
	int fd = sys_socket(AF_UNIX, type | SOCK_CLOEXEC, 0);
	int r = fd;

	*step = STEP_SOCKET;
	if (r >= 0) {
		*step = STEP_BIND;
		r = sys_bind(fd, (const struct sockaddr *)&un, sizeof(sa_family_t));
	}
	if (r == 0) {
		*step = STEP_NAME;
		r = sys_getsockname(fd, local);
	}
	if (r < 0 && fd >= 0)
		sys_close(fd);
	return r < 0 ? r : fd;
}

// FAMILY is AF_INET, AF_INET6 or AF_UNIX.
static int open_listener(int family, struct sockaddr_any *local, enum step *step)
{
	int fd = family == AF_UNIX ? open_named(SOCK_STREAM, local, step)
				   : open_bound(family, SOCK_STREAM, local, step);
	int r = fd;

	if (r >= 0) {
		*step = STEP_LISTEN;
		r = sys_listen(fd, 1);
	}
	if (r < 0 && fd >= 0)
		sys_close(fd);
	return r < 0 ? r : fd;
}

static int connect_to(int fd, const struct sockaddr_any *to, enum step *step)
{
	*step = STEP_CONNECT;
	return sys_connect(fd, &to->sa, to->len);
}

static int open_udp(int family, int fds[2], enum step *step)
{
	struct sockaddr_any a[2];
	int r = fds[0] = open_bound(family, SOCK_DGRAM, &a[0], step);

	if (r >= 0)
		r = fds[1] = open_bound(family, SOCK_DGRAM, &a[1], step);
	for (int i = 0; r >= 0 && i < 2; i++)
		r = connect_to(fds[i], &a[!i], step);
	return r;
}

int pair_accept(int listener, int client, enum step *step)
{
	struct sockaddr_any own;
	struct sockaddr_any peer;

	*step = STEP_NAME;
	int r = sys_getsockname(client, &own);

	*step = STEP_ACCEPT;
	while (r >= 0) {
		r = sys_accept(listener, &peer, SOCK_CLOEXEC);
		if (r < 0 || sockaddr_equal(&peer, &own))
			break;
		r = sys_close(r);
	}
	return r;
}

static int open_tcp(int family, int fds[2], enum step *step)
{
	struct sockaddr_any a;
	int listener = open_listener(family, &a, step);
	int r = listener;

	if (r >= 0) {
		*step = STEP_SOCKET;
		r = fds[0] = sys_socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	}
	if (r >= 0)
		r = connect_to(fds[0], &a, step);
	if (r >= 0)
		r = fds[1] = pair_accept(listener, fds[0], step);
	if (listener >= 0)
		sys_close(listener);
	return r;
}

static int open_kind(enum pair_kind kind, int family, int fds[2], enum step *step)
{
	if (kind == PAIR_TCP)
		return open_tcp(family, fds, step);
	if (kind == PAIR_UDP)
		return open_udp(family, fds, step);
	*step = STEP_PAIR;
	return sys_socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds);
}

// Whether an error is for want of IPv4, so that IPv6 may still do.
static bool lacks_family(int error)
{
	return error == -EAFNOSUPPORT || error == -EADDRNOTAVAIL;
}

int pair_listen(enum pair_kind kind, struct sockaddr_any *local, enum step *step)
{
	int r = open_listener(kind == PAIR_UNIX ? AF_UNIX : AF_INET, local, step);

	if (kind == PAIR_TCP && lacks_family(r))
		r = open_listener(AF_INET6, local, step);
	return r;
}

int pair_open(enum pair_kind kind, int fds[2], enum step *step)
{
	static const int families[] = {AF_INET, AF_INET6};
	int r = 0;

	for (int i = 0; i < 2; i++) {
		fds[0] = fds[1] = -1;
		r = open_kind(kind, families[i], fds, step);
		if (r >= 0)
			return 0;
		for (int n = 0; n < 2; n++)
			if (fds[n] >= 0)
				sys_close(fds[n]);
		if (!lacks_family(r))
			break;
	}
	return r;
}
