// SPDX-License-Identifier: ISC
// What the kernel knows of TCP connections, as it is said: "tcp: rtt 0.031 ms ...", or as fields
// of events; and the totals of a connection.
#ifndef SOCKCTL_SESSION_STATS_H
#define SOCKCTL_SESSION_STATS_H

#include "base/str.h"
#include "session/connection.h"
#include "net/inspect/tcp_stats.h"
#include "tls/tls.h"

void str_add_tcp_stats(struct str *s, const struct tcp_stats *stats);

// The same as fields, which are left out where no connection was measured.
#define TCP_STATS_FIELDS(s) \
	field_seconds_if("tcp_rtt", (s)->count, (s)->rtt_ns), \
		field_seconds_if("tcp_rttvar", (s)->count, (s)->rttvar_ns), \
		field_seconds_if("tcp_min_rtt", (s)->count, (s)->min_rtt_ns), \
		field_uint_if("tcp_retransmits", (s)->count, (s)->retransmits), \
		field_uint_if("tcp_cwnd", (s)->count, (s)->cwnd), \
		field_uint_if("tcp_mss", (s)->count, (s)->mss)

// Reports how many bytes have gone through the connection so far and, if its socket FD is one of
// TCP, what the kernel has measured. SENT and RECEIVED are those of the user; TLS, if it is not
// NULL, knows those of the wire.
void stats_report(const struct connection *c, int fd, const struct tls *tls, uint64_t sent,
	uint64_t received);

#endif
