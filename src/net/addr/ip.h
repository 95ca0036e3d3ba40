// SPDX-License-Identifier: ISC
// IPv4 and IPv6 addresses as numbers: prefixes (CIDR, RFC 4632), classes, names for reverse
// look-ups.
#ifndef SOCKCTL_NET_ADDR_IP_H
#define SOCKCTL_NET_ADDR_IP_H

#include "base/sockaddr.h"

struct ip {
	int family; // AF_INET or AF_INET6
	unsigned char bytes[16]; // in network order; IPv4 uses 4
};

struct ip_prefix {
	struct ip ip;
	unsigned length; // bits
};

// Addresses that may be of one interface only, as link-local ones are.
struct ip_range {
	struct ip_prefix prefix;
	uint32_t interface; // its index; 0: any
};

unsigned ip_bits(int family); // 32 or 128

// The address of A, which is of one of the two families.
struct ip ip_of(const struct sockaddr_any *a);

// And back, with port 0.
void ip_to_sockaddr(const struct ip *ip, struct sockaddr_any *a);

// True if WORD is an address as inet_pton() takes it.
bool ip_parse(const char *word, struct ip *ip);

// ADDRESS/LENGTH, or an address alone, which is the prefix of all its bits. Returns 0, or -EINVAL
// with the reason in ERR.
int ip_prefix_parse(const char *word, struct ip_prefix *p, struct str *err);

// IPv4 addresses match also in IPv6 clothes (::ffff:192.0.2.1).
bool ip_prefix_has(const struct ip_prefix *p, const struct ip *ip);

// The same with %INTERFACE after a link-local address: fe80::1%eth0, fe80::%eth0/64. Returns 0, or
// -EINVAL with the reason in ERR.
int ip_range_parse(const char *word, struct ip_range *r, struct str *err);

// A is an address of IPv4 or IPv6.
bool ip_range_has(const struct ip_range *r, const struct sockaddr_any *a);

// The index of an interface that is given by name or number (RFC 4007 section 11.2), or 0.
uint32_t ip_zone_index(const char *zone);

// The least and the greatest address.
struct ip ip_prefix_least(const struct ip_prefix *p);
struct ip ip_prefix_greatest(const struct ip_prefix *p);

// The address STEP (1 or -1) further; it wraps around.
struct ip ip_next(const struct ip *ip, int step);

// An address with the first LENGTH bits set.
struct ip ip_mask(int family, unsigned length);

// IPv4 in IPv6 clothes (RFC 4291 section 2.5.5.2); IPv6 as it is.
struct ip ip_mapped(const struct ip *ip);

// What the address is for, by the registries of special-purpose addresses (RFC 6890): "loopback",
// "private", "documentation" ...; "global" for what any host may have.
const char *ip_class(const struct ip *ip);

// How far a multicast address of IPv6 reaches (RFC 7346), or NULL.
const char *ip_multicast_scope(const struct ip *ip);

// The IPv4 address inside an IPv6 one of a class that has one: mapped, compatible, translated,
// 6to4.
bool ip_embedded(const struct ip *ip, struct ip *v4);

// Text forms: the canonical one (RFC 5952 for IPv6), all eight groups, a hexadecimal number, bytes
// in the order of memory, the name for reverse look-ups (RFC 1035 section 3.5, RFC 3596 section
// 2.5), and the number of addresses of a prefix in decimal.
void str_add_ip(struct str *s, const struct ip *ip);
void str_add_ip_expanded(struct str *s, const struct ip *ip);
void str_add_ip_hex(struct str *s, const struct ip *ip);
void str_add_ip_reverse(struct str *s, const struct ip *ip);
void str_add_ip_count(struct str *s, const struct ip_prefix *p);

#endif
