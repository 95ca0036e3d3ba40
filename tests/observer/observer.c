// SPDX-License-Identifier: ISC
// A library to be preloaded: it writes down each call of the C library on sockets, descriptors,
// names and databases, as a line "NAME(ARGUMENTS)" in the file that OBSERVER_FILE names. It shares
// nothing with the program that it observes, whose own trace is compared with it.
//
// Programs that the observed one starts are not observed: only those called sockctl are.
#include "names.h"

#include <arpa/inet.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netdb.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define FILE_NUMBER 200

static _Thread_local bool is_quiet; // while this library makes calls of its own

// The file is opened before the observed program can forbid itself to open any, by a number that it
// does not care for.
static int file = -1;

__attribute__((constructor)) static void open_file(void)
{
	const char *path = getenv("OBSERVER_FILE");
	long fd;

	if (!path || strcmp(program_invocation_short_name, "sockctl") != 0)
		return;
	fd = syscall(SYS_openat, AT_FDCWD, path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	if (fd < 0)
		return;
	file = (int)syscall(SYS_fcntl, fd, F_DUPFD_CLOEXEC, FILE_NUMBER);
	syscall(SYS_close, fd);
}

static void write_line(const char *line, size_t len)
{
	if (!is_quiet && file >= 0)
		syscall(SYS_write, file, line, len);
}

__attribute__((format(printf, 1, 2))) static void note(const char *fmt, ...)
{
	char line[1024];
	int error = errno;
	va_list ap;
	int len;

	va_start(ap, fmt);
	len = vsnprintf(line, sizeof(line) - 1, fmt, ap);
	va_end(ap);
	if (len >= (int)sizeof(line) - 1)
		len = sizeof(line) - 2;
	line[len++] = '\n';
	write_line(line, (size_t)len);
	errno = error;
}

// An address as people write it.
static const char *address(const void *sa, socklen_t len)
{
	static _Thread_local char text[160];
	char host[INET6_ADDRSTRLEN] = "";
	const struct sockaddr_in *in = sa;
	const struct sockaddr_in6 *in6 = sa;
	const struct sockaddr_un *un = sa;

	if (!sa)
		return "NULL";
	is_quiet = true;
	switch (in->sin_family) {
	case AF_INET:
		inet_ntop(AF_INET, &in->sin_addr, host, sizeof(host));
		snprintf(text, sizeof(text), "%s:%u", host, ntohs(in->sin_port));
		break;
	case AF_INET6:
		inet_ntop(AF_INET6, &in6->sin6_addr, host, sizeof(host));
		snprintf(text, sizeof(text), "[%s]:%u", host, ntohs(in6->sin6_port));
		break;
	case AF_UNIX:
		snprintf(text, sizeof(text), "unix:%.*s",
			(int)(len - offsetof(struct sockaddr_un, sun_path)), un->sun_path);
		break;
	default:
		snprintf(text, sizeof(text), "%u", in->sin_family);
	}
	is_quiet = false;
	return text;
}

// TYPE FUNCTION PARAMETERS, which is noted as the printf() arguments of the rest say. It has
// another name in C, where the C library declares some of them in its own way.
#define OBSERVE(type, function, parameters, arguments, ...) \
	type observed_##function parameters __asm__(#function); \
	type observed_##function parameters \
	{ \
		REAL(function); \
		note(__VA_ARGS__); \
		return real arguments; \
	}

#define OBSERVE_VOID(function, parameters, arguments, ...) \
	void observed_##function parameters __asm__(#function); \
	void observed_##function parameters \
	{ \
		REAL(function); \
		note(__VA_ARGS__); \
		real arguments; \
	}

// The function of the C library that FUNCTION stands before.
#define REAL(function) \
	static __typeof__(&observed_##function) real; \
	if (!real) \
	real = (__typeof__(real))dlsym(RTLD_NEXT, #function)

OBSERVE(int, socket, (int family, int type, int protocol), (family, type, protocol),
	"socket(%s, %s, %s)", name_of(families, family), type_of(type),
	name_of(protocols, protocol))
OBSERVE(int, socketpair, (int family, int type, int protocol, int fds[2]),
	(family, type, protocol, fds), "socketpair(%s, %s)", name_of(families, family),
	type_of(type))
OBSERVE(int, bind, (int fd, const struct sockaddr *sa, socklen_t len), (fd, sa, len),
	"bind(%d, %s)", fd, address(sa, len))
OBSERVE(int, connect, (int fd, const struct sockaddr *sa, socklen_t len), (fd, sa, len),
	"connect(%d, %s)", fd, address(sa, len))
OBSERVE(int, listen, (int fd, int backlog), (fd, backlog), "listen(%d, %d)", fd, backlog)
OBSERVE(int, accept, (int fd, struct sockaddr *sa, socklen_t *len), (fd, sa, len), "accept(%d)", fd)
OBSERVE(int, accept4, (int fd, struct sockaddr *sa, socklen_t *len, int flags),
	(fd, sa, len, flags), "accept4(%d)", fd)
OBSERVE(int, shutdown, (int fd, int how), (fd, how), "shutdown(%d, %s)", fd, name_of(hows, how))
OBSERVE(int, sockatmark, (int fd), (fd), "sockatmark(%d)", fd)
OBSERVE(ssize_t, send, (int fd, const void *buf, size_t len, int flags), (fd, buf, len, flags),
	"send(%d, %zu, %s)", fd, len, flags_of(messages, flags))
OBSERVE(ssize_t, sendto,
	(int fd, const void *buf, size_t len, int flags, const struct sockaddr *to,
		socklen_t tolen),
	(fd, buf, len, flags, to, tolen), "sendto(%d, %zu, %s, %s)", fd, len,
	flags_of(messages, flags), address(to, tolen))
OBSERVE(ssize_t, sendmsg, (int fd, const struct msghdr *m, int flags), (fd, m, flags),
	"sendmsg(%d, %s)", fd, flags_of(messages, flags))
OBSERVE(int, sendmmsg, (int fd, struct mmsghdr *m, unsigned n, int flags), (fd, m, n, flags),
	"sendmmsg(%d, %u, %s)", fd, n, flags_of(messages, flags))
OBSERVE(ssize_t, recv, (int fd, void *buf, size_t len, int flags), (fd, buf, len, flags),
	"recv(%d, %zu, %s)", fd, len, flags_of(messages, flags))
OBSERVE(ssize_t, __recv_chk, (int fd, void *buf, size_t len, size_t room, int flags),
	(fd, buf, len, room, flags), "recv(%d, %zu, %s)", fd, len, flags_of(messages, flags))
OBSERVE(ssize_t, recvfrom,
	(int fd, void *buf, size_t len, int flags, struct sockaddr *from, socklen_t *fromlen),
	(fd, buf, len, flags, from, fromlen), "recvfrom(%d, %zu, %s)", fd, len,
	flags_of(messages, flags))
OBSERVE(ssize_t, __recvfrom_chk,
	(int fd, void *buf, size_t len, size_t room, int flags, struct sockaddr *from,
		socklen_t *fromlen),
	(fd, buf, len, room, flags, from, fromlen), "recvfrom(%d, %zu, %s)", fd, len,
	flags_of(messages, flags))
OBSERVE(ssize_t, recvmsg, (int fd, struct msghdr *m, int flags), (fd, m, flags), "recvmsg(%d, %s)",
	fd, flags_of(messages, flags))
OBSERVE(int, recvmmsg, (int fd, struct mmsghdr *m, unsigned n, int flags, struct timespec *time),
	(fd, m, n, flags, time), "recvmmsg(%d, %u, %s)", fd, n, flags_of(messages, flags))
OBSERVE(int, getsockname, (int fd, struct sockaddr *sa, socklen_t *len), (fd, sa, len),
	"getsockname(%d)", fd)
OBSERVE(int, getpeername, (int fd, struct sockaddr *sa, socklen_t *len), (fd, sa, len),
	"getpeername(%d)", fd)
OBSERVE(int, getsockopt, (int fd, int level, int option, void *value, socklen_t *len),
	(fd, level, option, value, len), "getsockopt(%d, %d, %s)", fd, level,
	option_of(level, option))
OBSERVE(int, setsockopt, (int fd, int level, int option, const void *value, socklen_t len),
	(fd, level, option, value, len), "setsockopt(%d, %d, %s)", fd, level,
	option_of(level, option))

OBSERVE(ssize_t, read, (int fd, void *buf, size_t len), (fd, buf, len), "read(%d, %zu)", fd, len)
OBSERVE(ssize_t, __read_chk, (int fd, void *buf, size_t len, size_t room), (fd, buf, len, room),
	"read(%d, %zu)", fd, len)
OBSERVE(ssize_t, write, (int fd, const void *buf, size_t len), (fd, buf, len), "write(%d, %zu)", fd,
	len)
OBSERVE(int, close, (int fd), (fd), "close(%d)", fd)
OBSERVE(int, dup, (int fd), (fd), "dup(%d)", fd)
OBSERVE(int, dup2, (int fd, int target), (fd, target), "dup2(%d, %d)", fd, target)
OBSERVE(int, select, (int n, fd_set *r, fd_set *w, fd_set *e, struct timeval *time),
	(n, r, w, e, time), "select(%d)", n)
OBSERVE(int, pselect,
	(int n, fd_set *r, fd_set *w, fd_set *e, const struct timespec *time, const sigset_t *mask),
	(n, r, w, e, time, mask), "pselect(%d)", n)
OBSERVE(int, fstat64, (int fd, struct stat64 *st), (fd, st), "fstat(%d)", fd)
OBSERVE(int, fstat, (int fd, struct stat *st), (fd, st), "fstat(%d)", fd)
OBSERVE(int, fchdir, (int fd), (fd), "fchdir(%d)", fd)
OBSERVE(int, fchmod, (int fd, mode_t mode), (fd, mode), "fchmod(%d, 0%o)", fd, mode)
OBSERVE(int, fchown, (int fd, uid_t uid, gid_t gid), (fd, uid, gid), "fchown(%d)", fd)
OBSERVE(int, fsync, (int fd), (fd), "fsync(%d)", fd)
OBSERVE(int, fdatasync, (int fd), (fd), "fdatasync(%d)", fd)
OBSERVE(int, ftruncate64, (int fd, off64_t len), (fd, len), "ftruncate(%d)", fd)
OBSERVE(int, ftruncate, (int fd, off_t len), (fd, len), "ftruncate(%d)", fd)
OBSERVE(off64_t, lseek64, (int fd, off64_t offset, int whence), (fd, offset, whence), "lseek(%d)",
	fd)
OBSERVE(off_t, lseek, (int fd, off_t offset, int whence), (fd, offset, whence), "lseek(%d)", fd)
OBSERVE(int, sigaction, (int number, const struct sigaction *act, struct sigaction *old),
	(number, act, old), "sigaction(%s%s)", name_of(signals, number), act ? "" : ", NULL")
OBSERVE(pid_t, fork, (void), (), "fork()")
OBSERVE(pid_t, waitpid, (pid_t pid, int *status, int flags), (pid, status, flags), "waitpid(%d)",
	pid)

// Both take one argument more at most, which fits a long.
#define OBSERVE_CONTROL(function, type, fmt, names) \
	int observed_##function(int fd, type command, ...) __asm__(#function); \
	int observed_##function(int fd, type command, ...) \
	{ \
		va_list ap; \
		long arg; \
\
		va_start(ap, command); \
		arg = va_arg(ap, long); \
		va_end(ap); \
		REAL(function); \
		note(fmt "(%d, %s, %s)", fd, name_of(names, (long)command), \
			flags_of(file_flags, arg)); \
		return real(fd, command, arg); \
	}

OBSERVE_CONTROL(fcntl, int, "fcntl", fcntls)
OBSERVE_CONTROL(fcntl64, int, "fcntl", fcntls)
OBSERVE_CONTROL(ioctl, unsigned long, "ioctl", ioctls)

OBSERVE(int, getaddrinfo,
	(const char *node, const char *service, const struct addrinfo *hints,
		struct addrinfo **res),
	(node, service, hints, res), "getaddrinfo(%s, %s, %s, %s)", node ? node : "NULL",
	service ? service : "NULL", hints ? name_of(families, hints->ai_family) : "NULL",
	hints ? flags_of(ai_flags, hints->ai_flags) : "NULL")
OBSERVE(int, getnameinfo,
	(const struct sockaddr *sa, socklen_t len, char *host, socklen_t hostlen, char *service,
		socklen_t servicelen, int flags),
	(sa, len, host, hostlen, service, servicelen, flags), "getnameinfo(%s, %s)",
	address(sa, len), flags_of(ni_flags, flags))
OBSERVE(const char *, gai_strerror, (int code), (code), "gai_strerror(%d)", code)
OBSERVE(struct hostent *, gethostbyname, (const char *name), (name), "gethostbyname(%s)", name)
OBSERVE(struct hostent *, gethostbyname2, (const char *name, int family), (name, family),
	"gethostbyname2(%s)", name)
OBSERVE(struct hostent *, gethostbyaddr, (const void *address_, socklen_t len, int family),
	(address_, len, family), "gethostbyaddr(%s)", name_of(families, family))
OBSERVE(struct hostent *, gethostent, (void), (), "gethostent()")
OBSERVE_VOID(sethostent, (int stayopen), (stayopen), "sethostent(%d)", stayopen)
OBSERVE_VOID(endhostent, (void), (), "endhostent()")
OBSERVE(struct servent *, getservbyname, (const char *name, const char *protocol), (name, protocol),
	"getservbyname(%s)", name)
OBSERVE(struct servent *, getservbyport, (int port, const char *protocol), (port, protocol),
	"getservbyport(%d)", port)
OBSERVE(struct servent *, getservent, (void), (), "getservent()")
OBSERVE_VOID(setservent, (int stayopen), (stayopen), "setservent(%d)", stayopen)
OBSERVE_VOID(endservent, (void), (), "endservent()")
OBSERVE(struct protoent *, getprotobyname, (const char *name), (name), "getprotobyname(%s)", name)
OBSERVE(struct protoent *, getprotobynumber, (int number), (number), "getprotobynumber(%d)", number)
OBSERVE(struct protoent *, getprotoent, (void), (), "getprotoent()")
OBSERVE_VOID(setprotoent, (int stayopen), (stayopen), "setprotoent(%d)", stayopen)
OBSERVE_VOID(endprotoent, (void), (), "endprotoent()")
OBSERVE(struct netent *, getnetbyname, (const char *name), (name), "getnetbyname(%s)", name)
OBSERVE(struct netent *, getnetbyaddr, (uint32_t number, int family), (number, family),
	"getnetbyaddr(%u)", number)
OBSERVE(struct netent *, getnetent, (void), (), "getnetent()")
OBSERVE_VOID(setnetent, (int stayopen), (stayopen), "setnetent(%d)", stayopen)
OBSERVE_VOID(endnetent, (void), (), "endnetent()")
OBSERVE(unsigned, if_nametoindex, (const char *name), (name), "if_nametoindex(%s)", name)
OBSERVE(char *, if_indextoname, (unsigned index, char *name), (index, name), "if_indextoname(%u)",
	index)
OBSERVE(int, getifaddrs, (struct ifaddrs * *list), (list), "getifaddrs()")

OBSERVE(uint32_t, htonl, (uint32_t value), (value), "htonl(%u)", value)
OBSERVE(uint16_t, htons, (uint16_t value), (value), "htons(%u)", value)
OBSERVE(uint32_t, ntohl, (uint32_t value), (value), "ntohl(%u)", value)
OBSERVE(uint16_t, ntohs, (uint16_t value), (value), "ntohs(%u)", value)
OBSERVE(in_addr_t, inet_addr, (const char *text), (text), "inet_addr(%s)", text)
OBSERVE(char *, inet_ntoa, (struct in_addr in), (in), "inet_ntoa(%u)", in.s_addr)
OBSERVE(int, inet_pton, (int family, const char *text, void *to), (family, text, to),
	"inet_pton(%s, %s)", name_of(families, family), text)
OBSERVE(const char *, inet_ntop, (int family, const void *from, char *text, socklen_t len),
	(family, from, text, len), "inet_ntop(%s)", name_of(families, family))
