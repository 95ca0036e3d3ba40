// SPDX-License-Identifier: ISC
#include "net/addr/ip.h"

#include "base/mem.h"
#include "base/value.h"
#include "net/addr/interfaces.h"
#include "sys/inet.h"
#include "sys/resolver.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

unsigned ip_bits(int family)
{
	return family == AF_INET6 ? 128 : 32;
}

struct ip ip_of(const struct sockaddr_any *a)
{
	struct ip ip = {.family = a->sa.sa_family};

	if (ip.family == AF_INET6)
		memcpy(ip.bytes, &a->in6.sin6_addr, 16);
	else
		memcpy(ip.bytes, &a->in.sin_addr, 4);
	return ip;
}

void ip_to_sockaddr(const struct ip *ip, struct sockaddr_any *a)
{
	*a = (struct sockaddr_any){.sa.sa_family = (sa_family_t)ip->family};
	if (ip->family == AF_INET6) {
		memcpy(&a->in6.sin6_addr, ip->bytes, 16);
		a->len = sizeof(a->in6);
	} else {
		memcpy(&a->in.sin_addr, ip->bytes, 4);
		a->len = sizeof(a->in);
	}
}

bool ip_parse(const char *word, struct ip *ip)
{
	*ip = (struct ip){.family = strchr(word, ':') ? AF_INET6 : AF_INET};
	return sys_inet_pton(ip->family, word, ip->bytes) == 1;
}

// The length of a netmask such as 255.255.0.0, or -1.
static int mask_length(const char *word, int family)
{
	struct ip mask;

	if (!ip_parse(word, &mask) || mask.family != family)
		return -1;
	for (unsigned length = 0; length <= ip_bits(family); length++) {
		struct ip candidate = ip_mask(family, length);

		if (memcmp(mask.bytes, candidate.bytes, sizeof(mask.bytes)) == 0)
			return (int)length;
	}
	return -1;
}

static int refuse_length(
	const struct ip_prefix *p, const char *word, const char *text, struct str *err)
{
	int length = mask_length(text, p->ip.family);

	bad_word(err, word, "has no length from 0 to ");
	str_addf(err, "%u after its slash", p->length);
	if (length >= 0)
		str_addf(err, "; that netmask is /%d", length);
	return -EINVAL;
}

int ip_prefix_parse(const char *word, struct ip_prefix *p, struct str *err)
{
	const char *slash = strchr(word, '/');
	char *address = xstrndup(word, slash ? (size_t)(slash - word) : strlen(word));
	bool ok = ip_parse(address, &p->ip);
	uint64_t length;

	free(address);
	if (strchr(word, ','))
		return bad_word(err, word, "has a comma; give each address by itself");
	if (!ok)
		return bad_word(err, word, "is no address such as 192.0.2.0/24 or 2001:db8::/32");
	p->length = ip_bits(p->ip.family);
	if (!slash)
		return 0;
	if (parse_uint(slash + 1, &length) < 0 || length > p->length)
		return refuse_length(p, word, slash + 1, err);
	p->length = (unsigned)length;
	return 0;
}

static bool same_bits(const unsigned char *a, const unsigned char *b, unsigned bits)
{
	unsigned rest = bits % 8;

	return memcmp(a, b, bits / 8) == 0 &&
	       (!rest || (a[bits / 8] ^ b[bits / 8]) >> (8 - rest) == 0);
}

static bool is_within(const struct ip *ip, int family, const unsigned char *bytes, unsigned length)
{
	return ip->family == family && same_bits(ip->bytes, bytes, length);
}

bool ip_prefix_has(const struct ip_prefix *p, const struct ip *ip)
{
	static const unsigned char mapped[12] = {[10] = 0xff, [11] = 0xff};
	struct ip plain = *ip;

	if (p->ip.family == AF_INET && is_within(ip, AF_INET6, mapped, 96)) {
		plain.family = AF_INET;
		memcpy(plain.bytes, ip->bytes + 12, 4);
	}
	return is_within(&plain, p->ip.family, p->ip.bytes, p->length);
}

uint32_t ip_zone_index(const char *zone)
{
	uint32_t index = sys_if_nametoindex(zone);
	uint64_t number;

	if (!index && parse_uint(zone, &number) == 0 && number <= UINT32_MAX)
		index = (uint32_t)number;
	return index;
}

// Link-local addresses alone come with the interface that they came by.
static int set_interface(struct ip_range *r, const char *zone, const char *word, struct str *err)
{
	struct sockaddr_any a;

	ip_to_sockaddr(&r->prefix.ip, &a);
	if (a.sa.sa_family != AF_INET6 || !IN6_IS_ADDR_LINKLOCAL(&a.in6.sin6_addr))
		return bad_word(err, word,
			"has an interface, which belongs to link-local addresses (fe80::/10) only");
	r->interface = ip_zone_index(zone);
	return r->interface ? 0 : bad_interface(err, word);
}

int ip_range_parse(const char *word, struct ip_range *r, struct str *err)
{
	const char *percent = strchr(word, '%');
	size_t zone_len = percent ? strcspn(percent, "/") : 0;
	struct str plain = {0};
	struct str ignored = {0};
	char *zone;
	int result;

	*r = (struct ip_range){0};
	if (!percent)
		return ip_prefix_parse(word, &r->prefix, err);
	str_addn(&plain, word, (size_t)(percent - word));
	str_add(&plain, percent + zone_len);
	zone = xstrndup(percent + 1, zone_len - 1);
	if (ip_prefix_parse(str_c(&plain), &r->prefix, &ignored) < 0)
		result =
			bad_word(err, word, "is no address such as fe80::1%eth0 or fe80::%eth0/64");
	else
		result = set_interface(r, zone, word, err);
	free(zone);
	str_fini(&plain);
	str_fini(&ignored);
	return result;
}

bool ip_range_has(const struct ip_range *r, const struct sockaddr_any *a)
{
	struct ip ip = ip_of(a);
	bool is_there = !r->interface ||
			(a->sa.sa_family == AF_INET6 && a->in6.sin6_scope_id == r->interface);

	return is_there && ip_prefix_has(&r->prefix, &ip);
}

struct ip ip_mask(int family, unsigned length)
{
	struct ip ip = {.family = family};

	for (unsigned i = 0; i < length; i++)
		ip.bytes[i / 8] |= (unsigned char)(0x80 >> i % 8);
	return ip;
}

struct ip ip_prefix_least(const struct ip_prefix *p)
{
	struct ip ip = p->ip;
	struct ip mask = ip_mask(ip.family, p->length);

	for (unsigned i = 0; i < ip_bits(ip.family) / 8; i++)
		ip.bytes[i] &= mask.bytes[i];
	return ip;
}

struct ip ip_prefix_greatest(const struct ip_prefix *p)
{
	struct ip ip = p->ip;
	struct ip mask = ip_mask(ip.family, p->length);

	for (unsigned i = 0; i < ip_bits(ip.family) / 8; i++)
		ip.bytes[i] |= (unsigned char)~mask.bytes[i];
	return ip;
}

struct ip ip_next(const struct ip *ip, int step)
{
	struct ip next = *ip;
	unsigned char wrapped = step > 0 ? 0 : 0xff;

	for (unsigned i = ip_bits(ip->family) / 8; i-- > 0;) {
		next.bytes[i] = (unsigned char)(next.bytes[i] + step);
		if (next.bytes[i] != wrapped)
			break;
	}
	return next;
}

struct ip ip_mapped(const struct ip *ip)
{
	struct ip mapped = {.family = AF_INET6, .bytes = {[10] = 0xff, 0xff}};

	if (ip->family == AF_INET6)
		return *ip;
	memcpy(mapped.bytes + 12, ip->bytes, 4);
	return mapped;
}

// The registries of IANA for special-purpose addresses (RFC 6890) and for multicast; the first
// match counts.
static const struct {
	char name[24];
	int family;
	unsigned length;
	unsigned char bytes[16];
} classes[] = {
	{"unspecified", AF_INET, 32, {0}},
	{"this-network", AF_INET, 8, {0}},
	{"loopback", AF_INET, 8, {127}},
	{"private", AF_INET, 8, {10}}, // RFC 1918
	{"private", AF_INET, 12, {172, 16}},
	{"private", AF_INET, 16, {192, 168}},
	{"shared", AF_INET, 10, {100, 64}}, // RFC 6598
	{"link-local", AF_INET, 16, {169, 254}}, // RFC 3927
	{"documentation", AF_INET, 24, {192, 0, 2}}, // RFC 5737
	{"documentation", AF_INET, 24, {198, 51, 100}},
	{"documentation", AF_INET, 24, {203, 0, 113}},
	{"protocol-assignments", AF_INET, 24, {192, 0, 0}},
	{"6to4-relay", AF_INET, 24, {192, 88, 99}}, // RFC 7526
	{"benchmarking", AF_INET, 15, {198, 18}}, // RFC 2544
	{"multicast", AF_INET, 4, {224}},
	{"broadcast", AF_INET, 32, {255, 255, 255, 255}},
	{"reserved", AF_INET, 4, {240}},
	{"global", AF_INET, 0, {0}},
	{"unspecified", AF_INET6, 128, {0}},
	{"loopback", AF_INET6, 128, {[15] = 1}},
	{"mapped", AF_INET6, 96, {[10] = 0xff, 0xff}}, // RFC 4291 section 2.5.5.2
	{"compatible", AF_INET6, 96, {0}}, // RFC 4291 section 2.5.5.1
	{"translated", AF_INET6, 96, {0, 0x64, 0xff, 0x9b}}, // RFC 6052
	{"translated-local", AF_INET6, 48, {0, 0x64, 0xff, 0x9b, 0, 1}}, // RFC 8215
	{"discard", AF_INET6, 64, {1}}, // RFC 6666
	{"teredo", AF_INET6, 32, {0x20, 0x01}}, // RFC 4380
	{"benchmarking", AF_INET6, 48, {0x20, 0x01, 0, 2}}, // RFC 5180
	{"orchid", AF_INET6, 28, {0x20, 0x01, 0, 0x20}}, // RFC 7343
	{"documentation", AF_INET6, 32, {0x20, 0x01, 0x0d, 0xb8}}, // RFC 3849
	{"protocol-assignments", AF_INET6, 23, {0x20, 0x01}}, // RFC 2928
	{"6to4", AF_INET6, 16, {0x20, 0x02}}, // RFC 3056
	{"documentation", AF_INET6, 20, {0x3f, 0xff}}, // RFC 9637
	{"segment-routing", AF_INET6, 16, {0x5f, 0x00}}, // RFC 9602
	{"global", AF_INET6, 3, {0x20}},
	{"unique-local", AF_INET6, 7, {0xfc}}, // RFC 4193
	{"link-local", AF_INET6, 10, {0xfe, 0x80}},
	{"site-local", AF_INET6, 10, {0xfe, 0xc0}}, // RFC 3879
	{"multicast", AF_INET6, 8, {0xff}},
	{"reserved", AF_INET6, 0, {0}},
};

const char *ip_class(const struct ip *ip)
{
	size_t i = 0;

	while (!is_within(ip, classes[i].family, classes[i].bytes, classes[i].length))
		i++;
	return classes[i].name;
}

const char *ip_multicast_scope(const struct ip *ip)
{
	static const char *const scopes[16] = {
		[0x1] = "interface-local",
		[0x2] = "link-local",
		[0x3] = "realm-local",
		[0x4] = "admin-local",
		[0x5] = "site-local",
		[0x8] = "organization-local",
		[0xe] = "global",
	};

	if (ip->family != AF_INET6 || ip->bytes[0] != 0xff)
		return NULL;
	return scopes[ip->bytes[1] & 0xf];
}

bool ip_embedded(const struct ip *ip, struct ip *v4)
{
	static const struct {
		const char *class;
		size_t offset;
	} places[] = {{"mapped", 12}, {"compatible", 12}, {"translated", 12}, {"6to4", 2}};
	const char *class = ip_class(ip);

	for (size_t i = 0; ip->family == AF_INET6 && i < ARRAY_SIZE(places); i++) {
		if (strcmp(class, places[i].class) != 0)
			continue;
		*v4 = (struct ip){.family = AF_INET};
		memcpy(v4->bytes, ip->bytes + places[i].offset, 4);
		return true;
	}
	return false;
}

void str_add_ip(struct str *s, const struct ip *ip)
{
	char text[INET6_ADDRSTRLEN];
	struct in6_addr in6;

	sys_inet_ntop(ip->family, ip->bytes, text);
	memcpy(&in6, ip->bytes, sizeof(in6));
	if (ip->family == AF_INET6)
		in6_undot(&in6, text);
	str_add(s, text);
}

void str_add_ip_expanded(struct str *s, const struct ip *ip)
{
	for (unsigned i = 0; i < ip_bits(ip->family) / 8; i += 2)
		str_addf(s, "%s%02x%02x", i ? ":" : "", ip->bytes[i], ip->bytes[i + 1]);
}

void str_add_ip_hex(struct str *s, const struct ip *ip)
{
	str_add(s, "0x");
	for (unsigned i = 0; i < ip_bits(ip->family) / 8; i++)
		str_addf(s, "%02x", ip->bytes[i]);
}

void str_add_ip_reverse(struct str *s, const struct ip *ip)
{
	for (unsigned i = ip_bits(ip->family) / 8; i-- > 0;) {
		if (ip->family == AF_INET6)
			str_addf(s, "%x.%x.", ip->bytes[i] & 0xf, ip->bytes[i] >> 4);
		else
			str_addf(s, "%u.", ip->bytes[i]);
	}
	str_add(s, ip->family == AF_INET6 ? "ip6.arpa" : "in-addr.arpa");
}

void str_add_ip_count(struct str *s, const struct ip_prefix *p)
{
	unsigned bits = ip_bits(p->ip.family) - p->length;
	char digits[40] = "1"; // 2^128 has 39
	size_t len = 1;

	// Doubles the decimal number, whose digits stand last first.
	while (bits-- > 0) {
		int carry = 0;

		for (size_t i = 0; i < len; i++) {
			int twice = 2 * (digits[i] - '0') + carry;

			digits[i] = (char)('0' + twice % 10);
			carry = twice / 10;
		}
		if (carry)
			digits[len++] = '1';
	}
	while (len > 0)
		str_addc(s, digits[--len]);
}
