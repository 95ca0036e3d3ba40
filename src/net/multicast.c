// SPDX-License-Identifier: ISC
#include "net/multicast.h"

#include "sys/socket.h"

#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <string.h>

bool is_multicast(const struct sockaddr_any *a)
{
	if (a->len && a->sa.sa_family == AF_INET)
		return IN_MULTICAST(ntohl(a->in.sin_addr.s_addr));
	return a->len && a->sa.sa_family == AF_INET6 && IN6_IS_ADDR_MULTICAST(&a->in6.sin6_addr);
}

// Both structures begin with the interface and the group.
static struct group_req request_of(const struct sockopt_value *v)
{
	struct group_req req;

	memcpy(&req, v->data, sizeof(req));
	return req;
}

int membership_parse(struct membership *m, const char *word)
{
	struct sockaddr_any group;
	struct group_req req;
	int r;

	m->option =
		sockopt_by_name(strchr(word, ',') ? "MCAST_JOIN_SOURCE_GROUP" : "MCAST_JOIN_GROUP");
	r = sockopt_value_parse(&m->value, m->option, word);
	if (r < 0)
		return r == -ENODEV ? r : -EINVAL;
	req = request_of(&m->value);
	m->family = req.gr_group.ss_family;
	sockaddr_set(&group, (const struct sockaddr *)&req.gr_group, sizeof(req.gr_group));
	return is_multicast(&group) ? 0 : -EINVAL;
}

void membership_of(struct membership *m, const struct sockaddr_any *group)
{
	struct group_req req = {0};

	if (group->sa.sa_family == AF_INET6)
		req.gr_interface = group->in6.sin6_scope_id;
	memcpy(&req.gr_group, &group->storage, group->len);
	m->option = sockopt_by_name("MCAST_JOIN_GROUP");
	m->family = group->sa.sa_family;
	memcpy(m->value.data, &req, sizeof(req));
	m->value.len = sizeof(req);
}

void membership_default_interface(struct membership *m, const char *name)
{
	struct group_req req = request_of(&m->value);

	if (!name || req.gr_interface)
		return;
	req.gr_interface = if_nametoindex(name);
	memcpy(m->value.data, &req, sizeof(req));
}

int membership_join(const struct membership *m, int fd)
{
	int level = m->family == AF_INET ? IPPROTO_IP : IPPROTO_IPV6;

	sys_setsockopt_int(
		fd, level, m->family == AF_INET ? IP_MULTICAST_ALL : IPV6_MULTICAST_ALL, 0);
	return sys_setsockopt(fd, level, m->option->option, m->value.data, m->value.len);
}

int set_hops(int fd, int family, int hops)
{
	int r;

	if (family == AF_INET) {
		r = sys_setsockopt_int(fd, IPPROTO_IP, IP_MULTICAST_TTL, hops);
		// The kernel refuses 0 here and never sends such a datagram to a router anyway.
		return r < 0 || !hops ? r : sys_setsockopt_int(fd, IPPROTO_IP, IP_TTL, hops);
	}
	r = sys_setsockopt_int(fd, IPPROTO_IPV6, IPV6_MULTICAST_HOPS, hops);
	return r < 0 ? r : sys_setsockopt_int(fd, IPPROTO_IPV6, IPV6_UNICAST_HOPS, hops);
}

int set_multicast_loop(int fd, int family, bool on)
{
	if (family == AF_INET)
		return sys_setsockopt_int(fd, IPPROTO_IP, IP_MULTICAST_LOOP, on);
	return sys_setsockopt_int(fd, IPPROTO_IPV6, IPV6_MULTICAST_LOOP, on);
}
