// SPDX-License-Identifier: ISC
#include "net/stream_socket.h"

#include "base/util.h"
#include "sys/socket.h"
#include "sys/trace.h"

#include <errno.h>
#include <linux/mptcp.h>
#include <linux/tcp.h>
#include <netinet/in.h>

#define USUAL_IDLE 60 // seconds without a byte before a peer is probed
#define USUAL_INTERVAL 10 // and from one probe to the next
#define PROBE_SECONDS 5 // both, where it may be gone

// Those of netinet/tcp.h, which cannot stand beside linux/tcp.h.
enum {
	STATE_CLOSE = 7,
	STATE_CLOSE_WAIT = 8,
};

// The buffers of TCP grow by themselves. Those of the Unix domain stay as they are: few bytes, and
// a writer that is woken for each few.
#define UNIX_BUFFER (1 << 20)

#ifndef SOL_MPTCP
#define SOL_MPTCP 284
#endif

#define AT_ONCE (64 * 1024) // bytes that every receive buffer holds

static bool is_missing(int error)
{
	return error == -EPROTONOSUPPORT || error == -ENOPROTOOPT || error == -EINVAL;
}

int stream_socket_make(int family, int type, int protocol)
{
	int how = type | SOCK_NONBLOCK | SOCK_CLOEXEC;
	bool is_other = protocol && type == SOCK_STREAM && family != AF_UNIX;
	int fd = is_other ? sys_socket(family, how, protocol) : -EPROTONOSUPPORT;

	return is_other && !is_missing(fd) ? fd : sys_socket(family, how, 0);
}

// The socket stays one of MPTCP when it goes on as TCP, but then knows nothing about it.
static bool has_paths(int fd)
{
	struct mptcp_info info = {0};
	socklen_t len = sizeof(info);

	return sys_getsockopt(fd, SOL_MPTCP, MPTCP_INFO, &info, &len) == 0 &&
	       !(info.mptcpi_flags & MPTCP_INFO_FLAG_FALLBACK);
}

const char *stream_socket_protocol(int fd)
{
	int protocol = 0;
	socklen_t len = sizeof(protocol);
	const char *name = "unix";

	trace_housekeeping(true);
	sys_getsockopt(fd, SOL_SOCKET, SO_PROTOCOL, &protocol, &len);
	switch (protocol) {
	case 0:
		break;
	case IPPROTO_TCP:
		name = "tcp";
		break;
	case IPPROTO_MPTCP:
		name = has_paths(fd) ? "mptcp" : "tcp";
		break;
	case IPPROTO_UDP:
		name = "udp";
		break;
	default:
		name = "other";
		break;
	}
	trace_housekeeping(false);
	return name;
}

void stream_socket_set_defaults(int fd, int family)
{
	static const struct {
		int level, option, value;
	} defaults[] = {
		{SOL_SOCKET, SO_KEEPALIVE, 1},
		{IPPROTO_TCP, TCP_KEEPIDLE, USUAL_IDLE},
		{IPPROTO_TCP, TCP_KEEPINTVL, USUAL_INTERVAL},
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

// What the user has set stays.
static void shorten(int fd, int option, int usual)
{
	int seconds = 0;
	socklen_t len = sizeof(seconds);

	if (sys_getsockopt(fd, IPPROTO_TCP, option, &seconds, &len) == 0 && seconds == usual)
		sys_setsockopt_int(fd, IPPROTO_TCP, option, PROBE_SECONDS);
}

void stream_socket_probe_often(int fd)
{
	shorten(fd, TCP_KEEPIDLE, USUAL_IDLE);
	shorten(fd, TCP_KEEPINTVL, USUAL_INTERVAL);
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

int stream_socket_peer(int fd, struct sockaddr_any *peer)
{
	int r = sys_getpeername(fd, peer);
	int error = r == -ENOTCONN ? sys_socket_error(fd) : 0;

	return error ? error : r;
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
	r = sys_getsockopt(fd, SOL_SOCKET, SO_PEERCRED, who, &len);
	return r == 0 && who->uid == (uid_t)-1 ? -ENOTCONN : r;
}

int stream_socket_receive_at_once(int fd, uint64_t bytes)
{
	if (bytes > AT_ONCE)
		return 0;
	return sys_setsockopt_int(fd, SOL_SOCKET, SO_RCVLOWAT, (int)bytes);
}
