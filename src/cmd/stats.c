// SPDX-License-Identifier: ISC
#include "cmd/stats.h"

#include "out/field.h"

#include <inttypes.h>

void str_add_tcp_stats(struct str *s, const struct tcp_stats *stats)
{
	str_add(s, "tcp: ");
	if (stats->count > 1)
		str_addf(s, "%u connections, ", stats->count);
	str_addf(s,
		"rtt %.3f ms, variation %.3f ms, least %.3f ms, %" PRIu64
		" retransmits, cwnd %" PRIu64 ", mss %" PRIu64 "\n",
		(double)stats->rtt_ns / 1e6, (double)stats->rttvar_ns / 1e6,
		(double)stats->min_rtt_ns / 1e6, stats->retransmits, stats->cwnd, stats->mss);
}

void json_add_tcp_stats(json_t *object, const struct tcp_stats *stats)
{
	const struct field fields[] = {
		F_SECONDS("tcp_rtt", stats->rtt_ns),
		F_SECONDS("tcp_rttvar", stats->rttvar_ns),
		F_SECONDS("tcp_min_rtt", stats->min_rtt_ns),
		F_UINT("tcp_retransmits", stats->retransmits),
		F_UINT("tcp_cwnd", stats->cwnd),
		F_UINT("tcp_mss", stats->mss),
	};

	json_add_fields(object, fields, ARRAY_SIZE(fields));
}
