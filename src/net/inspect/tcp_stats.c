// SPDX-License-Identifier: ISC
#include "net/inspect/tcp_stats.h"

#include "base/util.h"
#include "sys/socket.h"

#include <errno.h>
#include <linux/tcp.h>
#include <netinet/in.h>

static uint64_t least(uint64_t so_far, uint64_t value, unsigned count)
{
	return count ? MIN(so_far, value) : value;
}

int tcp_stats_add(struct tcp_stats *s, int fd)
{
	struct tcp_info info = {0};
	socklen_t len = sizeof(info);
	int r = sys_getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len);

	if (r < 0)
		return r == -ENOPROTOOPT ? -EOPNOTSUPP : r;
	s->rtt_ns = (s->rtt_ns * s->count + (uint64_t)info.tcpi_rtt * 1000) / (s->count + 1);
	s->rttvar_ns = MAX(s->rttvar_ns, (uint64_t)info.tcpi_rttvar * 1000);
	s->min_rtt_ns = least(s->min_rtt_ns, (uint64_t)info.tcpi_min_rtt * 1000, s->count);
	s->retransmits += info.tcpi_total_retrans;
	s->cwnd = least(s->cwnd, info.tcpi_snd_cwnd, s->count);
	s->mss = least(s->mss, info.tcpi_snd_mss, s->count);
	s->count++;
	return 0;
}
