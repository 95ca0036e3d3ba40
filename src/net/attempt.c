// SPDX-License-Identifier: ISC
#include "net/attempt.h"

#include "net/stream_socket.h"
#include "sys/file.h"
#include "sys/socket.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <string.h>

static int bind_interface(const struct attempt_options *o, int fd)
{
	if (!o->interface)
		return 0;
	return sys_setsockopt(
		fd, SOL_SOCKET, SO_BINDTODEVICE, o->interface, (socklen_t)strlen(o->interface));
}

// A fixed port would stay taken for a minute after each connection. One that the kernel chooses
// need only be free towards the peer, which is not known before connecting.
static void share_port(const struct attempt_options *o, int fd)
{
	if (!o->bind.len)
		return;
	if (sockaddr_port(&o->bind))
		sys_setsockopt_int(fd, SOL_SOCKET, SO_REUSEADDR, 1);
	else
		sys_setsockopt_int(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1);
}

static int bind_address(const struct attempt_options *o, int fd, int family)
{
	struct sockaddr_any local = o->bind;

	if (!local.len)
		return 0;
	if (local.sa.sa_family != family) {
		uint16_t port = sockaddr_port(&local);

		if (!sockaddr_is_wildcard(&local))
			return -EADDRNOTAVAIL;
		local = (struct sockaddr_any){.sa.sa_family = (sa_family_t)family};
		local.len = family == AF_INET ? sizeof(local.in) : sizeof(local.in6);
		sockaddr_set_port(&local, port);
	}
	return sys_bind(fd, &local.sa, local.len);
}

static int prepare(const struct attempt_options *o, int fd, int family, int type, enum step *step)
{
	bool is_internet = family != AF_UNIX;
	int r = 0;

	if (stream_socket_connects(type) && !o->is_brief)
		stream_socket_set_defaults(fd, family);
	// Before what the user sets, which is the last word.
	if (is_internet) {
		share_port(o, fd);
		*step = STEP_INTERFACE;
		r = bind_interface(o, fd);
	}
	if (r == 0 && o->prepare) {
		*step = STEP_OPTION;
		r = o->prepare(o->prepare_data, fd);
	}
	if (r == 0 && is_internet) {
		*step = STEP_BIND;
		r = bind_address(o, fd, family);
	}
	// Who answers needs a name to send to: the kernel makes one up (unix(7), autobind).
	if (r == 0 && !is_internet && type == SOCK_DGRAM) {
		static const struct sockaddr any = {.sa_family = AF_UNIX};

		*step = STEP_BIND;
		r = sys_bind(fd, &any, sizeof(any.sa_family));
	}
	if (r == 0)
		*step = STEP_CONNECT;
	return r;
}

int attempt_open(const struct attempt_options *o, int family, int type, enum step *step)
{
	int fd;
	int r;

	*step = STEP_SOCKET;
	if (o->is_seqpacket)
		type = SOCK_SEQPACKET;
	fd = stream_socket_make(family, type, o->protocol);
	if (fd < 0)
		return fd;
	r = prepare(o, fd, family, type, step);
	if (r == 0)
		return fd;
	sys_close(fd);
	return r;
}

// With TCP_FASTOPEN_CONNECT, connect(2) may succeed at once: the SYN waits for the first data.
// Nobody knows then whether the port is open, and a peer that speaks first would never hear of us.
// Sending nothing sends the SYN.
static int send_late_syn(int fd)
{
	int is_late = 0;
	socklen_t len = sizeof(is_late);
	int r = sys_getsockopt(fd, IPPROTO_TCP, TCP_FASTOPEN_CONNECT, &is_late, &len);

	return r == 0 && is_late ? (int)sys_send(fd, "", 0, MSG_NOSIGNAL) : 0;
}

// A port of this machine that nobody listens on seems to answer when the kernel chooses the same
// one for our end: two opens of one socket that cross (RFC 9293 section 3.5) look like a server.
static bool is_self(int fd, const struct sockaddr_any *peer)
{
	struct sockaddr_any local;

	return peer->sa.sa_family != AF_UNIX && sys_getsockname(fd, &local) == 0 &&
	       sockaddr_equal(&local, peer);
}

// The socket is connected to PEER. One that is so to itself becomes as after any other refusal.
static int accept_peer(int fd, const struct sockaddr_any *peer)
{
	static const struct sockaddr nobody = {.sa_family = AF_UNSPEC};

	if (!is_self(fd, peer))
		return 0;
	sys_connect(fd, &nobody, sizeof(nobody));
	return -ECONNREFUSED;
}

int attempt_connect(int fd, const struct sockaddr_any *to)
{
	struct sockaddr_any peer;
	int r = sys_connect(fd, &to->sa, to->len);

	if (r == -EALREADY)
		return -EINPROGRESS;
	if (r < 0 || to->sa.sa_family == AF_UNIX)
		return r;
	return sys_getpeername(fd, &peer) == 0 ? accept_peer(fd, &peer) : send_late_syn(fd);
}

// Whether TCP still waits for the answer to its SYN.
static bool is_waiting(int fd)
{
	struct tcp_info info = {0};
	socklen_t len = sizeof(info);

	return sys_getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len) < 0 ||
	       info.tcpi_state == TCP_SYN_SENT || info.tcpi_state == TCP_SYN_RECV;
}

int attempt_result(int fd)
{
	struct sockaddr_any peer;
	int r;

	if (sys_getpeername(fd, &peer) == 0)
		return accept_peer(fd, &peer);
	r = sys_socket_error(fd);
	if (r < 0)
		return r;
	return is_waiting(fd) ? -EINPROGRESS : -ENOTCONN;
}
