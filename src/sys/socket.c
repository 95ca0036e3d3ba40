// SPDX-License-Identifier: ISC
#include "sys/socket.h"

#include "sys/interrupt.h"
#include "sys/trace.h"

#include <linux/sockios.h>
#include <sys/ioctl.h>

#define SHARED_MS 10 // that a lost race for a connection may cost

int sys_socket(int family, int type, int protocol)
{
	TRACE_START();
	int ret = SYS_RESULT(socket(family, type, protocol));

	TRACE("socket", ret, T_NAME(names_family, family), T_SOCKTYPE(type),
		T_NAME(names_protocol, protocol));
	return ret;
}

int sys_socketpair(int family, int type, int protocol, int fds[2])
{
	TRACE_START();
	int ret = SYS_RESULT(socketpair(family, type, protocol, fds));

	TRACE("socketpair", ret, T_NAME(names_family, family), T_SOCKTYPE(type), T_INT(protocol),
		T_FDS_OUT(ret < 0 ? -1 : fds[0], ret < 0 ? -1 : fds[1]));
	return ret;
}

int sys_bind(int fd, const struct sockaddr *sa, socklen_t len)
{
	TRACE_START();
	int ret = SYS_RESULT(bind(fd, sa, len));

	TRACE("bind", ret, T_FD(fd), T_ADDR(sa, len));
	return ret;
}

int sys_connect(int fd, const struct sockaddr *sa, socklen_t len)
{
	TRACE_START();
	int ret = SYS_RESULT(connect(fd, sa, len));

	TRACE("connect", ret, T_FD(fd), T_ADDR(sa, len));
	return ret;
}

int sys_listen(int fd, int backlog)
{
	TRACE_START();
	int ret = SYS_RESULT(listen(fd, backlog));

	TRACE("listen", ret, T_FD(fd), T_INT(backlog));
	return ret;
}

int sys_accept(int fd, struct sockaddr_any *peer, int flags)
{
	TRACE_START();
	*peer = (struct sockaddr_any){.len = sizeof(peer->storage)};
	int ret = SYS_RESULT(accept4(fd, &peer->sa, &peer->len, flags));

	TRACE("accept4", ret, T_FD(fd), T_ADDR_OUT(ret < 0 ? NULL : &peer->sa, peer->len),
		T_FLAGS(names_type_flag, flags));
	return ret;
}

int sys_accept_shared(int fd, struct sockaddr_any *peer, int flags)
{
	struct interrupt interrupt;
	int ret;

	interrupt_start(&interrupt, SHARED_MS);
	ret = sys_accept(fd, peer, flags);
	interrupt_stop(&interrupt);
	return ret == -EINTR ? -EAGAIN : ret;
}

int sys_getsockname(int fd, struct sockaddr_any *local)
{
	TRACE_START();
	*local = (struct sockaddr_any){.len = sizeof(local->storage)};
	int ret = SYS_RESULT(getsockname(fd, &local->sa, &local->len));

	TRACE("getsockname", ret, T_FD(fd), T_ADDR_OUT(ret < 0 ? NULL : &local->sa, local->len));
	if (ret < 0)
		local->len = 0;
	return ret;
}

int sys_getpeername(int fd, struct sockaddr_any *peer)
{
	TRACE_START();
	*peer = (struct sockaddr_any){.len = sizeof(peer->storage)};
	int ret = SYS_RESULT(getpeername(fd, &peer->sa, &peer->len));

	TRACE("getpeername", ret, T_FD(fd), T_ADDR_OUT(ret < 0 ? NULL : &peer->sa, peer->len));
	if (ret < 0)
		peer->len = 0;
	return ret;
}

int sys_getsockopt(int fd, int level, int option, void *value, socklen_t *len)
{
	TRACE_START();
	int ret = SYS_RESULT(getsockopt(fd, level, option, value, len));

	TRACE("getsockopt", ret, T_FD(fd), T_OPTION(level, option),
		T_OPTVAL_OUT(level, option, ret < 0 ? NULL : value, *len), T_LEN_AT(*len));
	return ret;
}

int sys_setsockopt(int fd, int level, int option, const void *value, socklen_t len)
{
	TRACE_START();
	int ret = SYS_RESULT(setsockopt(fd, level, option, value, len));

	TRACE("setsockopt", ret, T_FD(fd), T_OPTION(level, option),
		T_OPTVAL(level, option, value, len), T_UINT(len));
	return ret;
}

int sys_setsockopt_int(int fd, int level, int option, int value)
{
	return sys_setsockopt(fd, level, option, &value, sizeof(value));
}

int sys_shutdown(int fd, int how)
{
	TRACE_START();
	int ret = SYS_RESULT(shutdown(fd, how));

	TRACE("shutdown", ret, T_FD(fd), T_NAME(names_shut, how));
	return ret;
}

ssize_t sys_recv(int fd, void *buf, size_t len, int flags)
{
	TRACE_START();
	ssize_t ret = SYS_RESULT(recv(fd, buf, len, flags));

	TRACE("recv", ret, T_FD(fd), T_DATA_OUT(buf, ret < 0 ? 0 : MIN((size_t)ret, len)),
		T_UINT(len), T_FLAGS(names_msg, flags));
	return ret;
}

ssize_t sys_send(int fd, const void *buf, size_t len, int flags)
{
	TRACE_START();
	ssize_t ret = SYS_RESULT(send(fd, buf, len, flags));

	TRACE("send", ret, T_FD(fd), T_DATA(buf, len), T_UINT(len), T_FLAGS(names_msg, flags));
	return ret;
}

ssize_t sys_recvfrom(int fd, void *buf, size_t len, int flags, struct sockaddr_any *from)
{
	TRACE_START();
	*from = (struct sockaddr_any){.len = sizeof(from->storage)};
	ssize_t ret = SYS_RESULT(recvfrom(fd, buf, len, flags, &from->sa, &from->len));

	TRACE("recvfrom", ret, T_FD(fd), T_DATA_OUT(buf, ret < 0 ? 0 : MIN((size_t)ret, len)),
		T_UINT(len), T_FLAGS(names_msg, flags),
		T_ADDR_OUT(ret < 0 ? NULL : &from->sa, from->len));
	return ret;
}

ssize_t sys_sendto(
	int fd, const void *buf, size_t len, int flags, const struct sockaddr *to, socklen_t tolen)
{
	TRACE_START();
	ssize_t ret = SYS_RESULT(sendto(fd, buf, len, flags, to, tolen));

	TRACE("sendto", ret, T_FD(fd), T_DATA(buf, len), T_UINT(len), T_FLAGS(names_msg, flags),
		T_ADDR(to, tolen));
	return ret;
}

int sys_socket_error(int fd)
{
	int error = 0;
	socklen_t len = sizeof(error);
	int ret = sys_getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len);

	return ret < 0 ? ret : -error;
}

int sys_outq(int fd, int *bytes)
{
	TRACE_START();
	int ret = SYS_RESULT(ioctl(fd, SIOCOUTQ, bytes));

	TRACE("ioctl", ret, T_FD(fd), T_NAME(names_ioctl, SIOCOUTQ),
		T_INT_AT(ret < 0 ? 0 : *bytes));
	return ret;
}

int sys_inq(int fd, int *bytes)
{
	TRACE_START();
	int ret = SYS_RESULT(ioctl(fd, FIONREAD, bytes));

	TRACE("ioctl", ret, T_FD(fd), T_NAME(names_ioctl, FIONREAD),
		T_INT_AT(ret < 0 ? 0 : *bytes));
	return ret;
}

int sys_sockatmark(int fd)
{
	TRACE_START();
	int ret = SYS_RESULT(sockatmark(fd));

	TRACE("sockatmark", ret, T_FD(fd));
	return ret;
}
