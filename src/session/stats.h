// SPDX-License-Identifier: ISC
// What the kernel knows of TCP connections, as it is said: "tcp: rtt 0.031 ms ...", or under the
// same names in JSON; and the totals of a connection.
#ifndef SOCKCTL_SESSION_STATS_H
#define SOCKCTL_SESSION_STATS_H

#include "base/str.h"
#include "session/connection.h"
#include "net/inspect/tcp_stats.h"
#include "tls/tls.h"

#include <jansson.h>

void str_add_tcp_stats(struct str *s, const struct tcp_stats *stats);

// Adds members: tcp_rtt, tcp_rttvar, tcp_min_rtt (seconds), tcp_retransmits, tcp_cwnd (segments),
// tcp_mss (bytes).
void json_add_tcp_stats(json_t *object, const struct tcp_stats *stats);

// Reports how many bytes have gone through the connection so far and, if its socket FD is one of
// TCP, what the kernel has measured. SENT and RECEIVED are those of the user; TLS, if it is not
// NULL, knows those of the wire.
void stats_report(const struct connection *c, int fd, const struct tls *tls, uint64_t sent,
	uint64_t received);

#endif
