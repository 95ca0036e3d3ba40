// SPDX-License-Identifier: ISC
// What the kernel knows of TCP connections, as it is said: "tcp: rtt 0.031 ms ...", or under the
// same names in JSON.
#ifndef SOCKCTL_CMD_STATS_H
#define SOCKCTL_CMD_STATS_H

#include "base/str.h"
#include "net/tcp_stats.h"

#include <jansson.h>

// Adds a line.
void str_add_tcp_stats(struct str *s, const struct tcp_stats *stats);

// Adds members: tcp_rtt, tcp_rttvar, tcp_min_rtt (seconds), tcp_retransmits, tcp_cwnd (segments),
// tcp_mss (bytes).
void json_add_tcp_stats(json_t *object, const struct tcp_stats *stats);

#endif
