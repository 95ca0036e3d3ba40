// SPDX-License-Identifier: ISC
#include "base/ipv4.h"

#include <errno.h>
#include <string.h>

#define MIN_HEADER 20
#define DONT_FRAGMENT 0x4000
#define MORE_FRAGMENTS 0x2000
#define OFFSET_MASK 0x1fff

static uint16_t load16(const unsigned char *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

int ipv4_decode(struct ipv4_header *h, const void *packet, size_t len)
{
	const unsigned char *p = packet;

	if (len < MIN_HEADER || p[0] >> 4 != 4)
		return -EBADMSG;

	uint16_t fragment = load16(p + 6);

	*h = (struct ipv4_header){
		.len = (p[0] & 0x0f) * 4u,
		.tos = p[1],
		.total_len = load16(p + 2),
		.id = load16(p + 4),
		.dont_fragment = fragment & DONT_FRAGMENT,
		.more_fragments = fragment & MORE_FRAGMENTS,
		.fragment_offset = (uint16_t)((fragment & OFFSET_MASK) * 8),
		.ttl = p[8],
		.protocol = p[9],
		.checksum = load16(p + 10),
	};
	memcpy(&h->source, p + 12, sizeof(h->source));
	memcpy(&h->destination, p + 16, sizeof(h->destination));
	return h->len < MIN_HEADER || h->len > len ? -EBADMSG : 0;
}
