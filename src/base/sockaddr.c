// SPDX-License-Identifier: ISC
#include "base/sockaddr.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>

void sockaddr_set(struct sockaddr_any *a, const struct sockaddr *sa, socklen_t len)
{
	memset(a, 0, sizeof(*a));
	a->len = MIN(len, (socklen_t)sizeof(a->storage));
	memcpy(&a->storage, sa, a->len);
}

uint16_t sockaddr_port(const struct sockaddr_any *a)
{
	if (!a->len)
		return 0;
	if (a->sa.sa_family == AF_INET)
		return ntohs(a->in.sin_port);
	if (a->sa.sa_family == AF_INET6)
		return ntohs(a->in6.sin6_port);
	return 0;
}

void sockaddr_set_port(struct sockaddr_any *a, uint16_t port)
{
	if (a->sa.sa_family == AF_INET)
		a->in.sin_port = htons(port);
	else if (a->sa.sa_family == AF_INET6)
		a->in6.sin6_port = htons(port);
}

void sockaddr_unmap(struct sockaddr_any *a)
{
	if (a->len < sizeof(a->in6) || a->sa.sa_family != AF_INET6 ||
		!IN6_IS_ADDR_V4MAPPED(&a->in6.sin6_addr))
		return;

	struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = a->in6.sin6_port};

	memcpy(&in.sin_addr, &a->in6.sin6_addr.s6_addr[12], sizeof(in.sin_addr));
	sockaddr_set(a, (const struct sockaddr *)&in, sizeof(in));
}

bool sockaddr_equal(const struct sockaddr_any *a, const struct sockaddr_any *b)
{
	if (a->len != b->len)
		return false;
	if (a->len < sizeof(a->sa.sa_family))
		return true; // no address, whatever stood there
	if (a->sa.sa_family != b->sa.sa_family)
		return false;
	if (a->sa.sa_family == AF_INET)
		return a->in.sin_port == b->in.sin_port &&
		       a->in.sin_addr.s_addr == b->in.sin_addr.s_addr;
	if (a->sa.sa_family == AF_INET6)
		return a->in6.sin6_port == b->in6.sin6_port &&
		       a->in6.sin6_scope_id == b->in6.sin6_scope_id &&
		       memcmp(&a->in6.sin6_addr, &b->in6.sin6_addr, sizeof(a->in6.sin6_addr)) == 0;
	return memcmp(&a->storage, &b->storage, a->len) == 0;
}

bool sockaddr_is_loopback(const struct sockaddr_any *a)
{
	struct sockaddr_any plain = *a;

	sockaddr_unmap(&plain);
	if (plain.sa.sa_family == AF_INET)
		return ntohl(plain.in.sin_addr.s_addr) >> 24 == IN_LOOPBACKNET;
	if (plain.sa.sa_family == AF_INET6)
		return IN6_IS_ADDR_LOOPBACK(&plain.in6.sin6_addr);
	return plain.sa.sa_family == AF_UNIX;
}

bool sockaddr_lacks_interface(const struct sockaddr_any *a)
{
	return a->len && a->sa.sa_family == AF_INET6 && !a->in6.sin6_scope_id &&
	       IN6_IS_ADDR_LINKLOCAL(&a->in6.sin6_addr);
}

bool sockaddr_is_wildcard(const struct sockaddr_any *a)
{
	if (a->sa.sa_family == AF_INET)
		return a->in.sin_addr.s_addr == htonl(INADDR_ANY);
	return a->sa.sa_family == AF_INET6 && IN6_IS_ADDR_UNSPECIFIED(&a->in6.sin6_addr);
}

static void add_unix_path(struct str *s, const struct sockaddr_un *un, socklen_t len)
{
	size_t used = len - MIN(len, (socklen_t)offsetof(struct sockaddr_un, sun_path));

	used = MIN(used, sizeof(un->sun_path));
	if (!used || un->sun_path[0] != '\0')
		used = strnlen(un->sun_path, used);
	for (size_t i = 0; i < used; i++) // in an abstract name 0 is a byte as any other
		str_addc(s, un->sun_path[i] ? un->sun_path[i] : '@');
}

// As inet_ntop() does it, but without its detour through printf(): lists of sockets are long.
static void add_in(struct str *s, const struct in_addr *in)
{
	uint32_t address = ntohl(in->s_addr);

	for (int shift = 24; shift >= 0; shift -= 8) {
		str_add_uint(s, address >> shift & 0xff);
		if (shift)
			str_addc(s, '.');
	}
}

void in6_undot(const struct in6_addr *in6, char text[INET6_ADDRSTRLEN])
{
	const uint16_t *words = in6->s6_addr16;

	if (IN6_IS_ADDR_V4COMPAT(in6) && words[6])
		snprintf(text, INET6_ADDRSTRLEN, "::%x:%x", ntohs(words[6]), ntohs(words[7]));
}

static void add_in6(struct str *s, const struct sockaddr_in6 *in6)
{
	char text[INET6_ADDRSTRLEN] = "?";
	char name[IF_NAMESIZE];

	inet_ntop(AF_INET6, &in6->sin6_addr, text, sizeof(text));
	in6_undot(&in6->sin6_addr, text);
	str_add(s, text);
	if (!in6->sin6_scope_id)
		return;
	if (if_indextoname(in6->sin6_scope_id, name))
		str_addf(s, "%%%s", name);
	else
		str_addf(s, "%%%u", in6->sin6_scope_id);
}

void str_add_sockaddr_host(struct str *s, const struct sockaddr *sa, socklen_t len)
{
	struct sockaddr_any a;

	sockaddr_set(&a, sa, len);
	if (len < sizeof(sa_family_t)) {
		str_add(s, "?");
		return;
	}
	switch (a.sa.sa_family) {
	case AF_INET:
		add_in(s, &a.in.sin_addr);
		break;
	case AF_INET6:
		add_in6(s, &a.in6);
		break;
	case AF_UNIX:
		add_unix_path(s, &a.un, a.len);
		break;
	default:
		str_addf(s, "family %d", a.sa.sa_family);
	}
}

void str_add_sockaddr(struct str *s, const struct sockaddr *sa, socklen_t len)
{
	struct sockaddr_any a;

	sockaddr_set(&a, sa, len);
	if (len >= sizeof(sa_family_t) && sa->sa_family == AF_UNIX)
		str_add(s, "unix:");
	if (len >= sizeof(sa_family_t) && sa->sa_family == AF_INET6)
		str_addc(s, '[');
	str_add_sockaddr_host(s, sa, len);
	if (len >= sizeof(sa_family_t) && sa->sa_family == AF_INET6)
		str_addf(s, "]:%u", sockaddr_port(&a));
	else if (len >= sizeof(sa_family_t) && sa->sa_family == AF_INET)
		str_addf(s, ":%u", sockaddr_port(&a));
}

void str_add_shown_sockaddr(struct str *s, const struct sockaddr *sa, socklen_t len)
{
	struct str text = {0};

	str_add_sockaddr(&text, sa, len);
	str_add_escaped(s, str_c(&text), text.len);
	str_fini(&text);
}
