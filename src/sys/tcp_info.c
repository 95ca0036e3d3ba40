// SPDX-License-Identifier: ISC
#include "sys/tcp_info.h"

#include "sys/names.h"

#include <linux/tcp.h>
#include <string.h>

#define STATE_LISTEN 10 // TCP_LISTEN of <netinet/tcp.h>, beside which <linux/tcp.h> cannot be

#define FIELD(name, unit) \
	{ \
#name, offsetof(struct tcp_info, tcpi_##name), \
			sizeof(((struct tcp_info *)0)->tcpi_##name), unit \
	}

const struct tcp_info_field tcp_info_fields[] = {
	FIELD(state, ""),
	FIELD(ca_state, ""),
	FIELD(retransmits, ""),
	FIELD(probes, ""),
	FIELD(backoff, ""),
	FIELD(rto, "us"),
	FIELD(ato, "us"),
	FIELD(snd_mss, ""),
	FIELD(rcv_mss, ""),
	FIELD(unacked, ""),
	FIELD(sacked, ""),
	FIELD(lost, ""),
	FIELD(retrans, ""),
	FIELD(last_data_sent, "ms"),
	FIELD(last_data_recv, "ms"),
	FIELD(last_ack_recv, "ms"),
	FIELD(pmtu, ""),
	FIELD(rcv_ssthresh, ""),
	FIELD(rtt, "us"),
	FIELD(rttvar, "us"),
	FIELD(snd_ssthresh, ""),
	FIELD(snd_cwnd, ""),
	FIELD(advmss, ""),
	FIELD(reordering, ""),
	FIELD(rcv_rtt, "us"),
	FIELD(rcv_space, ""),
	FIELD(total_retrans, ""),
	FIELD(pacing_rate, ""),
	FIELD(max_pacing_rate, ""),
	FIELD(bytes_acked, ""),
	FIELD(bytes_received, ""),
	FIELD(segs_out, ""),
	FIELD(segs_in, ""),
	FIELD(notsent_bytes, ""),
	FIELD(min_rtt, "us"),
	FIELD(data_segs_in, ""),
	FIELD(data_segs_out, ""),
	FIELD(delivery_rate, ""),
	FIELD(busy_time, "us"),
	FIELD(rwnd_limited, "us"),
	FIELD(sndbuf_limited, "us"),
	FIELD(delivered, ""),
	FIELD(delivered_ce, ""),
	FIELD(bytes_sent, ""),
	FIELD(bytes_retrans, ""),
	FIELD(dsack_dups, ""),
	FIELD(reord_seen, ""),
	FIELD(rcv_ooopack, ""),
	FIELD(snd_wnd, ""),
	{""},
};

bool tcp_info_get(const struct tcp_info_field *f, const void *info, size_t len, uint64_t *value)
{
	const unsigned char *p = (const unsigned char *)info + f->offset;
	uint32_t word;

	if (f->offset + (size_t)f->size > len)
		return false;
	if (f->size == sizeof(*value)) {
		memcpy(value, p, sizeof(*value));
	} else if (f->size == sizeof(word)) {
		memcpy(&word, p, sizeof(word));
		*value = word;
	} else {
		*value = *p;
	}
	return true;
}

#define IS_FIELD(f, member) ((f)->offset == offsetof(struct tcp_info, tcpi_##member))

// TCP_INFINITE_SSTHRESH of the kernel, and rates of all ones.
bool tcp_info_is_unlimited(const struct tcp_info_field *f, uint64_t value)
{
	if (IS_FIELD(f, snd_ssthresh))
		return value == INT32_MAX;
	return (IS_FIELD(f, pacing_rate) || IS_FIELD(f, max_pacing_rate)) && value == UINT64_MAX;
}

// tcp_get_info() of the kernel puts the two lengths of the queue where the counts of segments are.
const char *tcp_info_name(const struct tcp_info_field *f, const void *info)
{
	const struct tcp_info *i = info;

	if (i->tcpi_state == STATE_LISTEN && IS_FIELD(f, unacked))
		return "queue";
	if (i->tcpi_state == STATE_LISTEN && IS_FIELD(f, sacked))
		return "backlog";
	return f->name;
}

void str_add_tcp_info(struct str *s, const void *info, size_t len)
{
	const char *space = "";
	uint64_t value;

	for (const struct tcp_info_field *f = tcp_info_fields; *f->name; f++) {
		if (!tcp_info_get(f, info, len, &value) || !value)
			continue;
		str_add(s, space);
		str_add(s, tcp_info_name(f, info));
		str_addc(s, '=');
		if (IS_FIELD(f, state)) {
			str_add_name(s, names_tcp_state, (long)value);
		} else if (tcp_info_is_unlimited(f, value)) {
			str_add(s, "unlimited");
		} else {
			str_add_uint(s, value);
			str_add(s, f->unit);
		}
		space = " ";
	}
}
