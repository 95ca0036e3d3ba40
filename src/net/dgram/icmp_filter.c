// SPDX-License-Identifier: ISC
#include "net/dgram/icmp_filter.h"

#include "base/util.h"
#include "sys/socket.h"

#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <netinet/ip_icmp.h>
#include <string.h>

#define IPV6_HEADER 40
#define ICMP_TYPES 32 // that ICMP_FILTER knows
#define FILTER_OPTION 1 // ICMP_FILTER of <linux/icmp.h>, which clashes with <netinet/ip_icmp.h>

struct exchange {
	uint8_t request, answer;
};

// RFC 792, RFC 950, RFC 1256
static const struct exchange exchanges[] = {
	{ICMP_ECHO, ICMP_ECHOREPLY},
	{10, 9}, // router solicitation, advertisement
	{ICMP_TIMESTAMP, ICMP_TIMESTAMPREPLY},
	{ICMP_INFO_REQUEST, ICMP_INFO_REPLY},
	{ICMP_ADDRESS, ICMP_ADDRESSREPLY},
};

// RFC 4443, RFC 2710, RFC 3810, RFC 4861, RFC 4620
static const struct exchange exchanges6[] = {
	{ICMP6_ECHO_REQUEST, ICMP6_ECHO_REPLY}, {MLD_LISTENER_QUERY, MLD_LISTENER_REPORT},
	{MLD_LISTENER_QUERY, 143}, // version 2
	{ND_ROUTER_SOLICIT, ND_ROUTER_ADVERT}, {ND_NEIGHBOR_SOLICIT, ND_NEIGHBOR_ADVERT},
	{139, 140}, // node information
};

static void set_filter(const struct icmp_filter *f)
{
	uint32_t blocked = 0; // struct icmp_filter of <linux/icmp.h>
	struct icmp6_filter v6;

	ICMP6_FILTER_SETBLOCKALL(&v6);
	for (unsigned type = 0; type < ARRAY_SIZE(f->passes); type++)
		if (f->passes[type])
			ICMP6_FILTER_SETPASS(type, &v6);
		else if (type < ICMP_TYPES)
			blocked |= 1u << type;
	// Without a filter more is taken for an answer, which is no reason to end.
	if (f->family == AF_INET)
		sys_setsockopt(f->fd, SOL_RAW, FILTER_OPTION, &blocked, sizeof(blocked));
	else
		sys_setsockopt(f->fd, IPPROTO_ICMPV6, ICMP6_FILTER, &v6, sizeof(v6));
}

void icmp_filter_init(struct icmp_filter *f, int fd, int family, int protocol, bool has_header)
{
	static const uint8_t errors[] = {ICMP_DEST_UNREACH, ICMP_TIME_EXCEEDED, ICMP_PARAMETERPROB};
	bool is_icmp = protocol == (family == AF_INET ? IPPROTO_ICMP : IPPROTO_ICMPV6);

	*f = (struct icmp_filter){
		.fd = is_icmp ? fd : -1, .family = family, .has_header = has_header};
	if (!is_icmp)
		return;
	if (family == AF_INET6)
		memset(f->passes, true, ICMP6_INFOMSG_MASK); // RFC 4443, section 2.1
	for (size_t i = 0; family == AF_INET && i < ARRAY_SIZE(errors); i++)
		f->passes[errors[i]] = true;
	set_filter(f);
}

static bool find_type(const struct icmp_filter *f, const struct iovec *message, uint8_t *type)
{
	const uint8_t *data = message->iov_base;
	size_t at = 0;

	if (f->has_header && message->iov_len)
		at = f->family == AF_INET ? (data[0] & 15u) * 4u : IPV6_HEADER;
	if (at >= message->iov_len)
		return false;
	*type = data[at];
	return true;
}

void icmp_filter_expect(struct icmp_filter *f, const struct iovec *message)
{
	bool is_v4 = f->family == AF_INET;
	const struct exchange *known = is_v4 ? exchanges : exchanges6;
	size_t count = is_v4 ? ARRAY_SIZE(exchanges) : ARRAY_SIZE(exchanges6);
	bool is_known = false, is_new = false;
	uint8_t type;

	if (f->fd < 0 || !find_type(f, message, &type))
		return;
	for (size_t i = 0; i < count; i++) {
		if (known[i].request != type)
			continue;
		is_known = true;
		is_new |= !f->passes[known[i].answer];
		f->passes[known[i].answer] = true;
	}
	if (!is_known) {
		memset(f->passes, true, sizeof(f->passes));
		set_filter(f);
		f->fd = -1;
	} else if (is_new) {
		set_filter(f);
	}
}
