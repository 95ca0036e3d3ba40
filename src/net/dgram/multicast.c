// SPDX-License-Identifier: ISC
#include "net/dgram/multicast.h"

#include "net/addr/ifaddrs.h"
#include "sys/file.h"
#include "sys/resolver.h"
#include "sys/socket.h"

#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
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

void membership_group(const struct membership *m, struct sockaddr_any *group)
{
	struct group_req req = request_of(&m->value);

	sockaddr_set(group, (const struct sockaddr *)&req.gr_group,
		m->family == AF_INET ? sizeof(group->in) : sizeof(group->in6));
}

static bool has_source_of(const struct sockopt_value *v, int family)
{
	struct group_source_req req;

	if (v->len < sizeof(req))
		return true; // none
	memcpy(&req, v->data, sizeof(req));
	return req.gsr_source.ss_family == family;
}

int membership_parse(struct membership *m, const char *word)
{
	struct sockaddr_any group;
	int r;

	m->option =
		sockopt_by_name(strchr(word, ',') ? "MCAST_JOIN_SOURCE_GROUP" : "MCAST_JOIN_GROUP");
	r = sockopt_value_parse(&m->value, m->option, word);
	if (r < 0)
		return r == -ENODEV ? r : -EINVAL;
	m->family = request_of(&m->value).gr_group.ss_family;
	membership_group(m, &group);
	return is_multicast(&group) && has_source_of(&m->value, m->family) ? 0 : -EINVAL;
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

static bool serves_ipv4(int fd)
{
	int v6only = 1;
	socklen_t len = sizeof(v6only);

	sys_getsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &v6only, &len);
	return !v6only;
}

bool membership_is_heard(const struct membership *m, int fd, const struct sockaddr_any *local)
{
	struct sockaddr_any group;

	if (sockaddr_is_wildcard(local))
		return local->sa.sa_family == m->family ||
		       (m->family == AF_INET && serves_ipv4(fd));
	membership_group(m, &group);
	sockaddr_set_port(&group, sockaddr_port(local));
	if (local->sa.sa_family == AF_INET6)
		group.in6.sin6_scope_id = local->in6.sin6_scope_id;
	return sockaddr_equal(&group, local);
}

void membership_default_interface(struct membership *m, const char *name)
{
	struct group_req req = request_of(&m->value);

	if (!name || req.gr_interface)
		return;
	req.gr_interface = sys_if_nametoindex(name);
	memcpy(m->value.data, &req, sizeof(req));
}

// Which of our addresses datagrams to the group leave from: connecting sends nothing.
static bool find_source(const struct membership *m, struct sockaddr_any *source)
{
	struct sockaddr_any group;
	int fd = sys_socket(m->family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	bool is_found;

	if (fd < 0)
		return false;
	membership_group(m, &group);
	sockaddr_set_port(&group, 9); // any will do
	is_found = sys_connect(fd, &group.sa, group.len) == 0 && sys_getsockname(fd, source) == 0;
	sys_close(fd);
	sockaddr_set_port(source, 0);
	return is_found;
}

struct interface_of {
	const struct sockaddr_any *address;
	char *name;
};

static void on_address(void *arg, const struct sockaddr_any *address, const char *interface)
{
	const struct interface_of *wanted = arg;
	struct sockaddr_any plain = *wanted->address;

	if (address->sa.sa_family == AF_INET6 && plain.sa.sa_family == AF_INET6 &&
		!plain.in6.sin6_scope_id)
		plain.in6.sin6_scope_id = address->in6.sin6_scope_id;
	if (sockaddr_equal(address, &plain))
		snprintf(wanted->name, IF_NAMESIZE, "%s", interface);
}

bool membership_interface(const struct membership *m, char name[IF_NAMESIZE])
{
	struct sockaddr_any source;
	struct interface_of wanted = {&source, name};
	unsigned index = request_of(&m->value).gr_interface;

	*name = '\0';
	if (index)
		return sys_if_indextoname(index, name);
	return find_source(m, &source) && ifaddrs_list(on_address, &wanted) == 0 && *name;
}

int membership_join(const struct membership *m, const struct sockopt_settings *settings, int fd)
{
	int level = m->family == AF_INET ? IPPROTO_IP : IPPROTO_IPV6;
	int all = m->family == AF_INET ? IP_MULTICAST_ALL : IPV6_MULTICAST_ALL;

	if (!sockopt_settings_has(settings, level, all))
		sys_setsockopt_int(fd, level, all, 0);
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
