// SPDX-License-Identifier: ISC
// Which ICMP messages a raw socket receives that waits for answers: the kernel hands each such
// socket all that come to this machine, and with a destination on this machine the requests, too
// (raw(7), RFC 3542 section 3.2).
#ifndef SOCKCTL_NET_DGRAM_ICMP_FILTER_H
#define SOCKCTL_NET_DGRAM_ICMP_FILTER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/uio.h>

struct icmp_filter {
	int fd; // -1: all are received
	int family;
	bool has_header; // messages begin with their IP header
	uint8_t passes[256]; // by type
};

// For a raw socket of FAMILY and PROTOCOL, borrowed: none but errors are received, unless the
// protocol is another one than ICMP.
void icmp_filter_init(struct icmp_filter *f, int fd, int family, int protocol, bool has_header);

// Lets the answers to this message through, which is about to be sent. To one that is no known
// request anything may be the answer.
void icmp_filter_expect(struct icmp_filter *f, const struct iovec *message);

#endif
