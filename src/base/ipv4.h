// SPDX-License-Identifier: ISC
// The header of an IPv4 packet (RFC 791 section 3.1), which raw sockets receive with the data.
#ifndef SOCKCTL_BASE_IPV4_H
#define SOCKCTL_BASE_IPV4_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// In host order, but for the addresses.
struct ipv4_header {
	size_t len; // of the header with its options: 20 to 60 bytes
	uint8_t tos;
	uint16_t total_len; // as the header says; the packet at hand may have been cut
	uint16_t id;
	bool dont_fragment, more_fragments;
	uint16_t fragment_offset; // bytes
	uint8_t ttl;
	uint8_t protocol;
	uint16_t checksum;
	struct in_addr source, destination;
};

// Decodes the header at the beginning of LEN bytes that may be anything. Returns 0, or -EBADMSG if
// they hold no whole IPv4 header.
int ipv4_decode(struct ipv4_header *h, const void *packet, size_t len);

#endif
