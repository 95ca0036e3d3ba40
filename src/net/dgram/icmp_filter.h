// SPDX-License-Identifier: ISC
// Which ICMP messages a raw socket receives that waits for answers: the kernel hands each such
// socket all that come to this machine, and with a destination on this machine the requests, too
// (raw(7), RFC 3542 section 3.2).
#ifndef SOCKCTL_NET_DGRAM_ICMP_FILTER_H
#define SOCKCTL_NET_DGRAM_ICMP_FILTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

struct icmp_filter {
	int fd; // -1: all are received
	int family;
	uint8_t protocol;
	bool has_header; // messages begin with their IP header
	uint8_t passes[256]; // by type
	uint8_t *asked; // which identifiers were sent, and then which sequence numbers; a bit each
};

// Zeroed means none.
void icmp_filter_fini(struct icmp_filter *f);

// For a raw socket of FAMILY and PROTOCOL, borrowed: none but errors are received, unless the
// protocol is another one than ICMP.
void icmp_filter_init(struct icmp_filter *f, int fd, int family, int protocol, bool has_header);

// Lets the answers to this message through, which is about to be sent. To one that is no known
// request anything may be the answer.
void icmp_filter_expect(struct icmp_filter *f, const struct iovec *message);

// True if a message that has come, DATA without an IP header, may be an answer to those, or an
// error about them: another process may ask the same host at the same time, with another
// identifier.
bool icmp_filter_takes(const struct icmp_filter *f, const void *data, size_t len);

#endif
