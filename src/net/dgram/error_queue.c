// SPDX-License-Identifier: ISC
#include "net/dgram/error_queue.h"

#include "base/util.h"
#include "sys/message.h"
#include "sys/socket.h"

#include <errno.h>
#include <linux/errqueue.h>
#include <netinet/icmp6.h>
#include <netinet/ip_icmp.h>
#include <string.h>

#define CONTROL_ROOM 512 // what other options of the socket may add stands there, too
#define ERRNO_MOST 4095u // of the kernel (MAX_ERRNO)

void error_queue_open(int fd)
{
	int family = AF_UNSPEC;
	socklen_t len = sizeof(family);

	if (sys_getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &family, &len) < 0 || family == AF_UNIX)
		return;
	sys_setsockopt_int(fd, IPPROTO_IP, IP_RECVERR, 1); // IPv4 on an IPv6 socket, too
	if (family == AF_INET6)
		sys_setsockopt_int(fd, IPPROTO_IPV6, IPV6_RECVERR, 1);
}

static bool is_extended_error(const struct msghdr *m, const struct cmsghdr *c)
{
	size_t left = (size_t)((const char *)m->msg_control + m->msg_controllen - (const char *)c);

	return ((c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_RECVERR) ||
		       (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_RECVERR)) &&
	       c->cmsg_len >= CMSG_LEN(sizeof(struct sock_extended_err)) && c->cmsg_len <= left;
}

// The address of who sent it stands behind the error itself.
static void read_error(struct queued_error *e, const struct cmsghdr *c)
{
	struct sock_extended_err x;
	struct sockaddr_in6 by = {0};
	size_t len = MIN(c->cmsg_len - CMSG_LEN(sizeof(x)), sizeof(by));

	memcpy(&x, CMSG_DATA(c), sizeof(x));
	memcpy(&by, CMSG_DATA(c) + sizeof(x), len);
	if (x.ee_errno > ERRNO_MOST)
		return;
	e->error = -(int)x.ee_errno;
	e->origin = x.ee_origin;
	e->type = x.ee_type;
	e->code = x.ee_code;
	e->info = x.ee_info;
	if (by.sin6_family == AF_INET && len >= sizeof(struct sockaddr_in))
		sockaddr_set(&e->by, (const struct sockaddr *)&by, sizeof(struct sockaddr_in));
	else if (by.sin6_family == AF_INET6 && len == sizeof(by))
		sockaddr_set(&e->by, (const struct sockaddr *)&by, sizeof(by));
	sockaddr_unmap(&e->by);
}

bool queued_error_read(struct queued_error *e, struct msghdr *m)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c))
		if (is_extended_error(m, c))
			read_error(e, c);
	return e->error < 0;
}

bool error_queue_take(int fd, struct queued_error *e)
{
	_Alignas(struct cmsghdr) char control[CONTROL_ROOM];
	struct iovec nothing = {0};
	struct mmsghdr m = {.msg_hdr = {.msg_name = &e->to.storage,
				    .msg_namelen = sizeof(e->to.storage),
				    .msg_iov = &nothing,
				    .msg_iovlen = 1,
				    .msg_control = control,
				    .msg_controllen = sizeof(control)}};

	*e = (struct queued_error){0};
	if (sys_recvmmsg(fd, &m, 1, MSG_ERRQUEUE | MSG_DONTWAIT) != 1)
		return false;
	e->to.len = m.msg_hdr.msg_namelen;
	sockaddr_unmap(&e->to);
	return queued_error_read(e, &m.msg_hdr);
}

bool is_told_error(int error)
{
	switch (-error) {
	case ECONNREFUSED:
	case EHOSTUNREACH:
	case ENETUNREACH:
	case EHOSTDOWN:
	case ENONET:
	case ENOPROTOOPT:
	case EPROTO:
	case EACCES:
	case EOPNOTSUPP:
		return true;
	default:
		return false;
	}
}

// RFC 792, RFC 1812 section 5.2.7.1
static const char *unreachable_name(uint8_t code)
{
	static const char *const names[] = {
		[ICMP_NET_UNREACH] = "network unreachable",
		[ICMP_HOST_UNREACH] = "host unreachable",
		[ICMP_PROT_UNREACH] = "protocol unreachable",
		[ICMP_PORT_UNREACH] = "port unreachable",
		[ICMP_FRAG_NEEDED] = "too large for the way",
		[ICMP_SR_FAILED] = "source route failed",
		[ICMP_NET_UNKNOWN] = "network unknown",
		[ICMP_HOST_UNKNOWN] = "host unknown",
		[ICMP_HOST_ISOLATED] = "host isolated",
		[ICMP_NET_ANO] = "network prohibited",
		[ICMP_HOST_ANO] = "host prohibited",
		[ICMP_NET_UNR_TOS] = "network unreachable for this type of service",
		[ICMP_HOST_UNR_TOS] = "host unreachable for this type of service",
		[ICMP_PKT_FILTERED] = "administratively prohibited",
	};

	return code < ARRAY_SIZE(names) ? names[code] : NULL;
}

static const char *icmp_name(uint8_t type, uint8_t code)
{
	switch (type) {
	case ICMP_DEST_UNREACH:
		return unreachable_name(code);
	case ICMP_SOURCE_QUENCH:
		return "source quench";
	case ICMP_TIME_EXCEEDED:
		return "TTL exceeded";
	case ICMP_PARAMETERPROB:
		return "parameter problem";
	default:
		return NULL;
	}
}

// RFC 4443
static const char *icmp6_name(uint8_t type, uint8_t code)
{
	static const char *const unreachable[] = {"no route", "administratively prohibited",
		"beyond the scope of the source", "address unreachable", "port unreachable",
		"source address failed policy", "route rejected"};

	switch (type) {
	case ICMP6_DST_UNREACH:
		return code < ARRAY_SIZE(unreachable) ? unreachable[code] : NULL;
	case ICMP6_PACKET_TOO_BIG:
		return "too large for the way";
	case ICMP6_TIME_EXCEEDED:
		return "hop limit exceeded";
	case ICMP6_PARAM_PROB:
		return "parameter problem";
	default:
		return NULL;
	}
}

void str_add_queued_error(struct str *s, const struct queued_error *e)
{
	bool is_icmp = e->origin == SO_EE_ORIGIN_ICMP || e->origin == SO_EE_ORIGIN_ICMP6;
	const char *cause = e->origin == SO_EE_ORIGIN_ICMP    ? icmp_name(e->type, e->code)
			    : e->origin == SO_EE_ORIGIN_ICMP6 ? icmp6_name(e->type, e->code)
							      : NULL;

	str_add(s, strerror(-e->error));
	if (cause)
		str_addf(s, ": %s", cause);
	else if (is_icmp)
		str_addf(s, ": ICMP type %u, code %u", e->type, e->code);
	if (e->error == -EMSGSIZE && e->info)
		str_addf(s, ", packets of %u bytes at most", e->info);
	if (!e->by.len)
		return;
	str_add(s, ", told by ");
	str_add_sockaddr_host(s, &e->by.sa, e->by.len);
}
