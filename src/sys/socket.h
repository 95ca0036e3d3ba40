// SPDX-License-Identifier: ISC
// The calls on sockets, one thin traced wrapper each: the same arguments as the call of that name
// in section 2 of the manual, and its result or a negative errno.
#ifndef SOCKCTL_SYS_SOCKET_H
#define SOCKCTL_SYS_SOCKET_H

#include "base/sockaddr.h"

#include <sys/socket.h>
#include <sys/types.h>

int sys_socket(int family, int type, int protocol);
int sys_socketpair(int family, int type, int protocol, int fds[2]);
int sys_bind(int fd, const struct sockaddr *sa, socklen_t len);
int sys_connect(int fd, const struct sockaddr *sa, socklen_t len);
int sys_listen(int fd, int backlog);
int sys_accept(int fd, struct sockaddr_any *peer, int flags);

// The same for a socket whose blocking mode is not ours to change: -EAGAIN after a moment, too,
// where somebody else has taken the connection that was waiting.
int sys_accept_shared(int fd, struct sockaddr_any *peer, int flags);

int sys_getsockname(int fd, struct sockaddr_any *local);
int sys_getpeername(int fd, struct sockaddr_any *peer);
int sys_getsockopt(int fd, int level, int option, void *value, socklen_t *len);
int sys_setsockopt(int fd, int level, int option, const void *value, socklen_t len);
int sys_setsockopt_int(int fd, int level, int option, int value);
int sys_shutdown(int fd, int how);
ssize_t sys_recv(int fd, void *buf, size_t len, int flags);
ssize_t sys_send(int fd, const void *buf, size_t len, int flags);
ssize_t sys_recvfrom(int fd, void *buf, size_t len, int flags, struct sockaddr_any *from);
ssize_t sys_sendto(
	int fd, const void *buf, size_t len, int flags, const struct sockaddr *to, socklen_t tolen);

// The pending error of the socket (SO_ERROR) as a negative errno, 0 if there is none. Asking clears
// it.
int sys_socket_error(int fd);

// Bytes sent or queued that the peer's kernel has not acknowledged (SIOCOUTQ).
int sys_outq(int fd, int *bytes);

// Bytes that were received and not read yet (FIONREAD).
int sys_inq(int fd, int *bytes);

// 1 if the next byte to read is urgent data, 0 if not.
int sys_sockatmark(int fd);

#endif
