// SPDX-License-Identifier: ISC
// A datagram and what is known about it.
#ifndef SOCKCTL_BASE_DATAGRAM_H
#define SOCKCTL_BASE_DATAGRAM_H

#include "base/ipv4.h"
#include "base/sockaddr.h"

#include <stdint.h>

// How datagrams stand in a stream of bytes such as stdin and stdout.
enum framing {
	FRAMING_LINE, // a line each
	FRAMING_BLOCK, // one after the other, nothing between
	FRAMING_WHOLE, // one, which is all there is
	FRAMING_HEX, // dumps (base/hex.h), with comments
	FRAMING_JSON, // an object each, on a line of its own
};

struct datagram {
	const void *data;
	size_t len;
	size_t real_len; // more than len if the rest was cut off

	// What was received with it; NULL, 0 or -1 where that is not known.
	const struct sockaddr_any *source; // len 0 for a sender without a name
	const struct sockaddr_any *destination;
	uint64_t time; // ns since 1970
	int hops; // the TTL or hop limit it arrived with
	const struct ipv4_header *ip;
	const char *protocol; // name of ip->protocol
};

#endif
