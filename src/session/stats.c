// SPDX-License-Identifier: ISC
#include "session/stats.h"

#include "out/field.h"
#include "out/progress.h"
#include "sys/trace.h"

#include <inttypes.h>

void str_add_tcp_stats(struct str *s, const struct tcp_stats *stats)
{
	str_add(s, "tcp: ");
	if (stats->count > 1)
		str_addf(s, "%u connections, ", stats->count);
	str_addf(s, "rtt %.3f ms, variation %.3f ms, least %.3f ms, ", (double)stats->rtt_ns / 1e6,
		(double)stats->rttvar_ns / 1e6, (double)stats->min_rtt_ns / 1e6);
	str_add_count(s, stats->retransmits, "retransmits");
	str_addf(s, ", cwnd %" PRIu64 ", mss %" PRIu64, stats->cwnd, stats->mss);
}

void stats_report(
	const struct connection *c, int fd, const struct tls *tls, uint64_t sent, uint64_t received)
{
	struct tcp_stats tcp = {0};
	struct str text = {0}, wire = {0}, speed = {0};
	uint64_t duration = trace_now() - c->started;
	uint64_t tls_sent = tls ? tls_wire_sent(tls) : 0;
	uint64_t tls_received = tls ? tls_wire_received(tls) : 0;
	bool is_tcp = tcp_stats_add(&tcp, fd) == 0;

	str_add(&speed, " (");
	str_add_bytes(&speed, (double)(sent + received) * 1e9 / (double)MAX(duration, (uint64_t)1));
	str_add(&speed, "/s)");
	str_add(&text, "; ");
	str_add_tcp_stats(&text, &tcp);
	str_add(&wire, "; TLS: ");
	str_add_count(&wire, tls_sent, "bytes");
	str_add(&wire, " sent, ");
	str_add_count(&wire, tls_received, "bytes");
	str_add(&wire, " received");
	report(&c->app->out, &ev_stats, F_UINT("connection", c->number), connection_remote(c),
		connection_via(c), F_UINT("sent_bytes", sent), F_UINT("received_bytes", received),
		F_SECONDS("duration", duration), F_SHOWN("speed", str_c(&speed)),
		F_SHOWN("tls", tls ? str_c(&wire) : NULL),
		field_uint_if("tls_sent_bytes", tls, tls_sent),
		field_uint_if("tls_received_bytes", tls, tls_received),
		F_SHOWN("tcp", is_tcp ? str_c(&text) : NULL), TCP_STATS_FIELDS(&tcp));
	str_fini(&text);
	str_fini(&wire);
	str_fini(&speed);
}
