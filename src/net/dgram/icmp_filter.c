// SPDX-License-Identifier: ISC
#include "net/dgram/icmp_filter.h"

#include "base/mem.h"
#include "base/util.h"
#include "sys/socket.h"

#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <netinet/ip_icmp.h>
#include <stdlib.h>
#include <string.h>

#define IPV6_HEADER 40
#define IPV6_NEXT_HEADER 6 // where it stands
#define IPV4_PROTOCOL 9
#define ICMP_TYPES 32 // that ICMP_FILTER knows
#define FILTER_OPTION 1 // ICMP_FILTER of <linux/icmp.h>, which clashes with <netinet/ip_icmp.h>

#define ICMP_HEADER 8
#define NUMBERS 65536 // of identifiers, and of sequence numbers

struct exchange {
	uint8_t request, answer;
	bool has_number; // an identifier and a sequence number follow the checksum
};

// RFC 792, RFC 950, RFC 1256
static const struct exchange exchanges[] = {
	{ICMP_ECHO, ICMP_ECHOREPLY, true},
	{10, 9, false}, // router solicitation, advertisement
	{ICMP_TIMESTAMP, ICMP_TIMESTAMPREPLY, true},
	{ICMP_INFO_REQUEST, ICMP_INFO_REPLY, true},
	{ICMP_ADDRESS, ICMP_ADDRESSREPLY, true},
};

// RFC 4443, RFC 2710, RFC 3810, RFC 4861, RFC 4620
static const struct exchange exchanges6[] = {
	{ICMP6_ECHO_REQUEST, ICMP6_ECHO_REPLY, true},
	{MLD_LISTENER_QUERY, MLD_LISTENER_REPORT, false},
	{MLD_LISTENER_QUERY, 143, false}, // version 2
	{ND_ROUTER_SOLICIT, ND_ROUTER_ADVERT, false},
	{ND_NEIGHBOR_SOLICIT, ND_NEIGHBOR_ADVERT, false}, {139, 140, false}, // node information
};

// The exchanges of the family, and how many.
static const struct exchange *known_exchanges(const struct icmp_filter *f, size_t *count)
{
	*count = f->family == AF_INET ? ARRAY_SIZE(exchanges) : ARRAY_SIZE(exchanges6);
	return f->family == AF_INET ? exchanges : exchanges6;
}

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

	*f = (struct icmp_filter){.fd = is_icmp ? fd : -1,
		.family = family,
		.protocol = (uint8_t)protocol,
		.has_header = has_header};
	if (!is_icmp)
		return;
	if (family == AF_INET6)
		memset(f->passes, true, ICMP6_INFOMSG_MASK); // RFC 4443, section 2.1
	for (size_t i = 0; family == AF_INET && i < ARRAY_SIZE(errors); i++)
		f->passes[errors[i]] = true;
	set_filter(f);
}

void icmp_filter_fini(struct icmp_filter *f)
{
	free(f->asked);
	f->asked = NULL;
}

// Where the message begins behind the header of a packet.
static size_t header_length(const struct icmp_filter *f, const uint8_t *packet, size_t len)
{
	if (f->family == AF_INET6)
		return IPV6_HEADER;
	return len ? (packet[0] & 15u) * 4u : 0;
}

// The bits for the identifier and the sequence number of a message.
static size_t identifier_of(const uint8_t *message)
{
	return (size_t)message[4] << 8 | message[5];
}

static size_t sequence_of(const uint8_t *message)
{
	return NUMBERS + ((size_t)message[6] << 8 | message[7]);
}

static void set_bit(uint8_t *bits, size_t i)
{
	bits[i / 8] |= (uint8_t)(1u << i % 8);
}

static bool has_bit(const uint8_t *bits, size_t i)
{
	return bits[i / 8] >> i % 8 & 1;
}

static void note_numbers(struct icmp_filter *f, const uint8_t *message)
{
	if (!f->asked)
		f->asked = xcalloc(2 * NUMBERS / 8, 1);
	set_bit(f->asked, identifier_of(message));
	set_bit(f->asked, sequence_of(message));
}

void icmp_filter_expect(struct icmp_filter *f, const struct iovec *message)
{
	const uint8_t *data = message->iov_base;
	size_t at = f->has_header ? header_length(f, data, message->iov_len) : 0;
	size_t count;
	const struct exchange *known = known_exchanges(f, &count);
	bool is_known = false, is_new = false;

	if (f->fd < 0 || at >= message->iov_len)
		return;
	for (size_t i = 0; i < count; i++) {
		if (known[i].request != data[at])
			continue;
		is_known = true;
		if (known[i].has_number && message->iov_len - at >= ICMP_HEADER)
			note_numbers(f, data + at);
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

// Whether the numbers of a request of ours, or of an answer to it, are those that were sent.
static bool has_our_numbers(const struct icmp_filter *f, const uint8_t *message, size_t len)
{
	size_t count;
	const struct exchange *known = known_exchanges(f, &count);

	for (size_t i = 0; i < count && len >= ICMP_HEADER; i++)
		if (known[i].has_number &&
			(known[i].request == message[0] || known[i].answer == message[0]))
			return f->asked && has_bit(f->asked, identifier_of(message)) &&
			       has_bit(f->asked, sequence_of(message));
	return true; // there are none
}

static bool is_error(const struct icmp_filter *f, uint8_t type)
{
	return f->family == AF_INET6 ? !(type & ICMP6_INFOMSG_MASK)
				     : type == ICMP_DEST_UNREACH || type == ICMP_TIME_EXCEEDED ||
					       type == ICMP_PARAMETERPROB;
}

bool icmp_filter_takes(const struct icmp_filter *f, const void *data, size_t len)
{
	const uint8_t *message = data;
	const uint8_t *packet = message + ICMP_HEADER; // that an error is about
	size_t at;

	if (f->fd < 0 || len < ICMP_HEADER)
		return true;
	if (!is_error(f, message[0]))
		return has_our_numbers(f, message, len);
	len -= ICMP_HEADER;
	at = header_length(f, packet, len);
	if (at >= len)
		return true;
	if (packet[f->family == AF_INET ? IPV4_PROTOCOL : IPV6_NEXT_HEADER] != f->protocol)
		return false;
	return has_our_numbers(f, packet + at, len - at);
}
