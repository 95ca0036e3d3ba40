// SPDX-License-Identifier: ISC
#include "net/dgram/dgram_socket.h"

#include "base/mem.h"
#include "net/dgram/error_queue.h"
#include "net/dgram/multicast.h"
#include "net/dgram/receiver.h"
#include "sys/file.h"
#include "sys/socket.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

// The longest datagrams: an IP packet of 65535 bytes, with or without its headers.
#define PACKET_MAX 65535
#define UDP_HEADER 8
#define IPV4_HEADER 20
#define IPV6_HEADER 40
#define UNIX_OVERHEAD 32 // what the kernel keeps of a send buffer of the Unix domain
#define SOCKET_MODE 0600

static int set_ip_options(int fd, int family, const struct dgram_socket_options *o, enum step *step)
{
	int r = 0;

	*step = STEP_HOPS;
	if (o->hops != DGRAM_HOPS_UNSET)
		r = set_hops(fd, family, (int)o->hops);
	if (r == 0 && !o->loop) {
		*step = STEP_MULTICAST_LOOP;
		r = set_multicast_loop(fd, family, false);
	}
	if (r == 0 && o->header) {
		*step = STEP_HEADER;
		r = family == AF_INET ? sys_setsockopt_int(fd, IPPROTO_IP, IP_HDRINCL, 1)
				      : sys_setsockopt_int(fd, IPPROTO_IPV6, IPV6_HDRINCL, 1);
	}
	if (r == 0 && o->interface) {
		*step = STEP_INTERFACE;
		r = sys_setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, o->interface,
			(socklen_t)strlen(o->interface));
	}
	return r;
}

static int set_options(
	struct dgram_socket *s, int family, const struct dgram_socket_options *o, enum step *step)
{
	int fd = s->fd;
	int r = 0;

	if (o->reuse)
		sys_setsockopt_int(fd, SOL_SOCKET, SO_REUSEADDR, 1);
	*step = STEP_BROADCAST;
	if (o->broadcast)
		r = sys_setsockopt_int(fd, SOL_SOCKET, SO_BROADCAST, 1);
	if (r == 0 && family != AF_UNIX)
		r = set_ip_options(fd, family, o, step);
	if (r < 0)
		return r;
	if (o->receives && s->is_inherited)
		receiver_prepare_inherited(&s->loan, o->details);
	else if (o->receives)
		receiver_prepare(fd, o->details, false);
	if (!s->is_inherited && o->type == SOCK_DGRAM && (o->connected || o->receives))
		error_queue_open(fd);
	*step = STEP_OPTION;
	return sockopt_settings_prepare(o->settings, fd);
}

static int bind_path(struct dgram_socket *s)
{
	int r = unix_path_bind(s->fd, &s->from, SOCKET_MODE, &s->file);

	if (r == 0)
		s->path = xstrdup(s->from.un.sun_path);
	return r;
}

// Binds where it was asked for; answers over the Unix domain need a name in any case.
static int bind_source(struct dgram_socket *s, const struct dgram_socket_options *o)
{
	int family = s->to.sa.sa_family;
	struct sockaddr_any *a = &s->from;

	*a = o->bind;
	if (a->len && a->sa.sa_family == AF_UNIX && a->un.sun_path[0])
		return bind_path(s);
	if (!a->len && family == AF_UNIX && o->receives) {
		a->sa.sa_family = AF_UNIX;
		a->len = sizeof(sa_family_t); // the kernel makes one up (unix(7), autobind)
	}
	if (!a->len && family != AF_UNIX && o->source_port) {
		a->sa.sa_family = (sa_family_t)family;
		a->len = family == AF_INET ? sizeof(a->in) : sizeof(a->in6);
	}
	if (o->source_port && a->len)
		sockaddr_set_port(a, o->source_port);
	return a->len ? sys_bind(s->fd, &a->sa, a->len) : 0;
}

static size_t unix_limit(int fd)
{
	int buffer = 0;
	socklen_t len = sizeof(buffer);

	sys_getsockopt(fd, SOL_SOCKET, SO_SNDBUF, &buffer, &len);
	return (size_t)MAX(buffer - UNIX_OVERHEAD, 1);
}

static size_t packet_limit(int family, bool header)
{
	return family == AF_INET && !header ? PACKET_MAX - IPV4_HEADER : PACKET_MAX;
}

size_t dgram_limit(int fd, int family)
{
	return family == AF_UNIX ? unix_limit(fd) : packet_limit(family, false) - UDP_HEADER;
}

size_t dgram_header_length(int family, const struct iovec *packet)
{
	const uint8_t *bytes = packet->iov_base;

	if (family == AF_INET6)
		return IPV6_HEADER;
	return packet->iov_len < IPV4_HEADER ? IPV4_HEADER
					     : MAX((bytes[0] & 15u) * 4u, (unsigned)IPV4_HEADER);
}

size_t dgram_path_limit(const struct sockaddr_any *to)
{
	bool is_v4 = to->sa.sa_family == AF_INET;
	int headers = (is_v4 ? IPV4_HEADER : IPV6_HEADER) + UDP_HEADER;
	int fd = is_v4 || to->sa.sa_family == AF_INET6
			 ? sys_socket(to->sa.sa_family, SOCK_DGRAM | SOCK_CLOEXEC, 0)
			 : -1;
	socklen_t len = sizeof(int);
	int mtu = 0;

	if (fd < 0)
		return 0;
	// A connected socket alone tells it.
	if (sys_connect(fd, &to->sa, to->len) == 0)
		sys_getsockopt(fd, is_v4 ? IPPROTO_IP : IPPROTO_IPV6, is_v4 ? IP_MTU : IPV6_MTU,
			&mtu, &len);
	sys_close(fd);
	return (size_t)MAX(mtu - headers, 0);
}

static size_t limit_of(const struct dgram_socket *s, const struct dgram_socket_options *o)
{
	int family = s->to.sa.sa_family;

	if (o->type == SOCK_DGRAM)
		return dgram_limit(s->fd, family);
	return packet_limit(family, o->header);
}

static bool lacks_interface(const struct dgram_socket *s, const struct dgram_socket_options *o)
{
	bool has_scope = s->from.sa.sa_family == AF_INET6 && s->from.in6.sin6_scope_id;

	return sockaddr_lacks_interface(&s->to) && !o->interface && !has_scope &&
	       !sockopt_settings_has(o->settings, SOL_SOCKET, SO_BINDTODEVICE) &&
	       !sockopt_settings_has(o->settings, IPPROTO_IPV6, IPV6_UNICAST_IF);
}

int dgram_socket_open(struct dgram_socket *s, const struct sockaddr_any *to,
	const struct dgram_socket_options *options, enum step *step)
{
	int family = to->sa.sa_family;
	int r;

	*s = (struct dgram_socket){.fd = -1, .to = *to};
	*step = STEP_SOCKET;
	s->fd = sys_socket(family, options->type | SOCK_NONBLOCK | SOCK_CLOEXEC, options->protocol);
	if (s->fd < 0)
		return s->fd;
	r = set_options(s, family, options, step);
	if (r == 0) {
		*step = STEP_BIND;
		r = bind_source(s, options);
	}
	// The kernel would take any interface for it, where connect() refuses.
	if (r == 0 && lacks_interface(s, options)) {
		*step = STEP_CONNECT;
		r = -EINVAL;
	}
	// An unconnected Unix socket cannot wait for a receiver that is full (unix(7)).
	if (r == 0 && (options->connected || family == AF_UNIX)) {
		*step = STEP_CONNECT;
		r = sys_connect(s->fd, &to->sa, to->len);
		s->is_connected = r == 0;
	}
	if (r == 0) {
		*step = STEP_OPTION;
		r = sockopt_settings_complete(options->settings, s->fd);
	}
	if (r == 0)
		s->limit = limit_of(s, options);
	else
		dgram_socket_close(s);
	return r;
}

int dgram_socket_adopt(
	struct dgram_socket *s, int fd, const struct dgram_socket_options *options, enum step *step)
{
	int r;

	*s = (struct dgram_socket){.fd = fd, .is_inherited = true, .is_connected = true};
	loan_init(&s->loan, fd);
	*step = STEP_CONNECT;
	r = sys_getpeername(fd, &s->to);
	if (r == 0)
		r = set_options(s, s->to.sa.sa_family, options, step);
	if (r == 0)
		s->limit = limit_of(s, options);
	return r;
}

int dgram_socket_close(struct dgram_socket *s)
{
	int r = 0;

	loan_end(&s->loan);
	if (s->fd >= 0 && !s->is_inherited)
		sys_close(s->fd);
	s->fd = -1;
	if (s->path)
		r = unix_path_remove(s->path, &s->file);
	free(s->path);
	s->path = NULL;
	return r;
}
