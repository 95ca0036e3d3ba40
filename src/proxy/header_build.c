// SPDX-License-Identifier: ISC
// Building a PROXY header.
#include "proxy/header.h"

#include "base/crc32c.h"
#include "proxy/header_wire.h"
#include "proxy/tlv.h"

#include <errno.h>
#include <string.h>

static int fail(struct str *err, const char *why)
{
	str_add(err, why);
	return -EINVAL;
}

static void add_be16(struct str *s, size_t value)
{
	str_addc(s, (char)(value >> 8));
	str_addc(s, (char)value);
}

// Both addresses, of one family that PROXY headers know, or none.
static int check_addresses(const struct proxy_header *h, struct str *err)
{
	const struct sockaddr_any *a = &h->source;
	const struct sockaddr_any *b = &h->destination;

	if (!a->len && !b->len)
		return 0;
	if (!a->len || !b->len)
		return fail(err, "a PROXY header has a source and a destination, or neither");
	if (a->sa.sa_family != b->sa.sa_family)
		return fail(err, "source and destination of a PROXY header are of one family");
	switch (a->sa.sa_family) {
	case AF_INET:
	case AF_INET6:
		return 0;
	case AF_UNIX:
		return h->version == 2 ? 0
				       : fail(err, "version 1 of the PROXY protocol knows IPv4 and "
						   "IPv6 only; use v2");
	default:
		return fail(err, "PROXY headers know IPv4, IPv6 and Unix addresses only");
	}
}

static int build_v1(const struct proxy_header *h, struct str *out, struct str *err)
{
	if (h->tlvs.len || h->has_crc)
		return fail(err, "version 1 of the PROXY protocol has no extensions; use v2");
	if (h->source.len && h->type != SOCK_STREAM)
		return fail(err, "version 1 of the PROXY protocol knows TCP only; use v2");
	if (h->is_local || !h->source.len) {
		str_add(out, V1_UNKNOWN "\r\n");
		return 0;
	}

	struct sockaddr_any ends[] = {h->source, h->destination};

	str_add(out, h->source.sa.sa_family == AF_INET ? V1_SIGNATURE "TCP4" : V1_SIGNATURE "TCP6");
	for (size_t i = 0; i < ARRAY_SIZE(ends); i++) {
		if (ends[i].sa.sa_family == AF_INET6)
			ends[i].in6.sin6_scope_id = 0; // means nothing elsewhere
		str_addc(out, ' ');
		str_add_sockaddr_host(out, &ends[i].sa, ends[i].len);
	}
	str_addf(out, " %u %u\r\n", sockaddr_port(&h->source), sockaddr_port(&h->destination));
	return 0;
}

static unsigned char family_byte(const struct proxy_header *h)
{
	unsigned char transport = h->type == SOCK_DGRAM ? V2_DGRAM : V2_STREAM;

	if (h->is_local || !h->source.len)
		return V2_UNSPEC;
	switch (h->source.sa.sa_family) {
	case AF_INET:
		return V2_INET | transport;
	case AF_INET6:
		return V2_INET6 | transport;
	default:
		return V2_UNIX | transport;
	}
}

// A path or abstract name, filled up with zeros.
static void add_unix(struct str *s, const struct sockaddr_any *a)
{
	size_t head = offsetof(struct sockaddr_un, sun_path);
	size_t len = MIN(a->len - MIN(a->len, head), (size_t)V2_UNIX_PATH);

	str_addn(s, a->un.sun_path, len);
	str_add_repeated(s, '\0', V2_UNIX_PATH - len);
}

static void add_addresses(struct str *s, const struct proxy_header *h)
{
	const struct sockaddr_any *ends[] = {&h->source, &h->destination};

	for (size_t i = 0; i < ARRAY_SIZE(ends); i++) {
		if (ends[i]->sa.sa_family == AF_INET)
			str_addn(s, &ends[i]->in.sin_addr, sizeof(struct in_addr));
		else if (ends[i]->sa.sa_family == AF_INET6)
			str_addn(s, &ends[i]->in6.sin6_addr, sizeof(struct in6_addr));
		else
			add_unix(s, ends[i]);
	}
	if (h->source.sa.sa_family == AF_UNIX)
		return;
	add_be16(s, sockaddr_port(&h->source));
	add_be16(s, sockaddr_port(&h->destination));
}

// The checksum covers all of the header, with itself as zeros (section 2.2.3).
static void add_crc(struct str *out, size_t begin)
{
	static const unsigned char zeros[CRC_LEN];

	tlv_add(out, TLV_CRC32C, zeros, sizeof(zeros));

	uint32_t crc = crc32c(out->data + begin, out->len - begin);

	for (int i = 0; i < CRC_LEN; i++)
		out->data[out->len - CRC_LEN + (size_t)i] = (char)(crc >> (24 - 8 * i));
}

static int build_v2(const struct proxy_header *h, struct str *out, struct str *err)
{
	struct str addresses = {0};
	size_t begin = out->len;
	unsigned char family = family_byte(h);

	if (family != V2_UNSPEC)
		add_addresses(&addresses, h);

	size_t length = addresses.len + h->tlvs.len + (h->has_crc ? TLV_HEAD + CRC_LEN : 0);

	if (length <= PROXY_V2_MAX_LENGTH) {
		str_addn(out, V2_SIGNATURE, V2_SIGNATURE_LEN);
		str_addc(out, (char)(V2_VERSION | (h->is_local ? V2_LOCAL : V2_PROXY)));
		str_addc(out, (char)family);
		add_be16(out, length);
		str_addn(out, str_c(&addresses), addresses.len);
		str_addn(out, str_c(&h->tlvs), h->tlvs.len);
		if (h->has_crc)
			add_crc(out, begin);
	} else {
		str_addf(err, "a PROXY header of %zu bytes is too long: at most %d", length,
			PROXY_V2_MAX_LENGTH);
	}
	str_fini(&addresses);
	return length <= PROXY_V2_MAX_LENGTH ? 0 : -EINVAL;
}

int proxy_header_build(const struct proxy_header *h, struct str *out, struct str *err)
{
	int r = check_addresses(h, err);

	if (r < 0)
		return r;
	return h->version == 1 ? build_v1(h, out, err) : build_v2(h, out, err);
}

void proxy_header_fini(struct proxy_header *h)
{
	str_fini(&h->tlvs);
	str_fini(&h->wire);
	*h = (struct proxy_header){0};
}
