// SPDX-License-Identifier: ISC
// What the kernel has measured of TCP connections (TCP_INFO), in the few figures that tell how well
// they went.
#ifndef SOCKCTL_NET_INSPECT_TCP_STATS_H
#define SOCKCTL_NET_INSPECT_TCP_STATS_H

#include <stdint.h>

// Of one connection or of several. Zeroed means of none.
struct tcp_stats {
	unsigned count; // connections
	uint64_t rtt_ns; // smoothed round-trip time (RFC 6298); of several: the mean
	uint64_t rttvar_ns; // its variation; of several: the greatest
	uint64_t min_rtt_ns; // the least that was seen
	uint64_t retransmits; // segments sent again
	uint64_t cwnd; // congestion window in segments; of several: the least
	uint64_t mss; // bytes of a segment; of several: the least
};

// Reads those of the connected socket FD and adds them. Returns 0 or a negative errno; what is no
// TCP socket has none (-EOPNOTSUPP).
int tcp_stats_add(struct tcp_stats *s, int fd);

#endif
