// SPDX-License-Identifier: ISC
#include "net/stream_socket.h"

#include "base/util.h"
#include "sys/socket.h"

#include <errno.h>
#include <linux/tcp.h>
#include <netinet/in.h>

#define PROBE_SECONDS 5

// Those of netinet/tcp.h, which cannot stand beside linux/tcp.h.
enum {
	STATE_CLOSE = 7,
	STATE_CLOSE_WAIT = 8,
};

// The buffers of TCP grow by themselves. Those of the Unix domain stay as they are: few bytes, and
// a writer that is woken for each few.
#define UNIX_BUFFER (1 << 20)

#define AT_ONCE (64 * 1024) // bytes that every receive buffer holds

void stream_socket_set_defaults(int fd, int family)
{
	static const struct {
		int level, option, value;
	} defaults[] = {
		{SOL_SOCKET, SO_KEEPALIVE, 1},
		{IPPROTO_TCP, TCP_KEEPIDLE, 60},
		{IPPROTO_TCP, TCP_KEEPINTVL, 10},
		{IPPROTO_TCP, TCP_KEEPCNT, 6},
		{SOL_SOCKET, SO_OOBINLINE, 1},
		{IPPROTO_TCP, TCP_NODELAY, 1},
	};

	if (family == AF_UNIX) {
		sys_setsockopt_int(fd, SOL_SOCKET, SO_SNDBUF, UNIX_BUFFER);
		return;
	}
	for (size_t i = 0; i < ARRAY_SIZE(defaults); i++)
		sys_setsockopt_int(fd, defaults[i].level, defaults[i].option, defaults[i].value);
}

void stream_socket_inherit_buffer(int fd, int listener)
{
	int size;
	socklen_t len = sizeof(size);

	if (sys_getsockopt(listener, SOL_SOCKET, SO_SNDBUF, &size, &len) == 0)
		sys_setsockopt_int(fd, SOL_SOCKET, SO_SNDBUF, size / 2); // doubled by the kernel
}

void stream_socket_probe_often(int fd)
{
	sys_setsockopt_int(fd, IPPROTO_TCP, TCP_KEEPIDLE, PROBE_SECONDS);
	sys_setsockopt_int(fd, IPPROTO_TCP, TCP_KEEPINTVL, PROBE_SECONDS);
}

int stream_socket_count(int fd, struct stream_socket_counts *counts)
{
	struct tcp_info info = {0};
	socklen_t len = sizeof(info);
	int r = sys_getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len);

	*counts = (struct stream_socket_counts){0};
	if (r < 0)
		return r;
	counts->sent = info.tcpi_bytes_sent - info.tcpi_bytes_retrans + info.tcpi_notsent_bytes;
	counts->received = info.tcpi_bytes_received;
	if (info.tcpi_state == STATE_CLOSE_WAIT)
		counts->received--; // the end of the stream counts as a byte
	counts->is_closed = info.tcpi_state == STATE_CLOSE;
	if (counts->is_closed && counts->sent > info.tcpi_bytes_acked)
		counts->lost = counts->sent - info.tcpi_bytes_acked;
	return 0;
}

int stream_socket_credentials(int fd, struct ucred *who)
{
	int family = AF_UNSPEC;
	socklen_t len = sizeof(family);
	int r = sys_getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &family, &len);

	if (r < 0)
		return r;
	if (family != AF_UNIX)
		return -EOPNOTSUPP;
	len = sizeof(*who);
	return sys_getsockopt(fd, SOL_SOCKET, SO_PEERCRED, who, &len);
}

int stream_socket_receive_at_once(int fd, uint64_t bytes)
{
	if (bytes > AT_ONCE)
		return 0;
	return sys_setsockopt_int(fd, SOL_SOCKET, SO_RCVLOWAT, (int)bytes);
}
