// SPDX-License-Identifier: ISC
// The constants of the calls that are observed, by name.
#ifndef SOCKCTL_TESTS_OBSERVER_NAMES_H
#define SOCKCTL_TESTS_OBSERVER_NAMES_H

#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#define TEXTS 8 // that one line may have

struct constant {
	const char *name;
	long value;
};

#define C(constant) \
	{ \
#constant, constant \
	}

static const struct constant families[] = {
	C(AF_UNSPEC),
	C(AF_INET),
	C(AF_INET6),
	C(AF_UNIX),
	C(AF_NETLINK),
	{0},
};

static const struct constant types[] = {
	C(SOCK_STREAM),
	C(SOCK_DGRAM),
	C(SOCK_RAW),
	C(SOCK_SEQPACKET),
	{0},
};

static const struct constant protocols[] = {
	C(IPPROTO_TCP),
	C(IPPROTO_UDP),
	C(IPPROTO_ICMP),
	C(IPPROTO_ICMPV6),
	{0},
};

static const struct constant hows[] = {
	C(SHUT_RD),
	C(SHUT_WR),
	C(SHUT_RDWR),
	{0},
};

static const struct constant messages[] = {
	C(MSG_OOB),
	C(MSG_DONTROUTE),
	C(MSG_PEEK),
	C(MSG_TRUNC),
	C(MSG_DONTWAIT),
	C(MSG_EOR),
	C(MSG_WAITALL),
	C(MSG_CONFIRM),
	C(MSG_ERRQUEUE),
	C(MSG_NOSIGNAL),
	C(MSG_MORE),
	C(MSG_CMSG_CLOEXEC),
	{0},
};

static const struct constant options[] = {
	C(SO_ACCEPTCONN),
	C(SO_BROADCAST),
	C(SO_DEBUG),
	C(SO_DONTROUTE),
	C(SO_ERROR),
	C(SO_KEEPALIVE),
	C(SO_LINGER),
	C(SO_OOBINLINE),
	C(SO_RCVBUF),
	C(SO_RCVLOWAT),
	C(SO_RCVTIMEO),
	C(SO_REUSEADDR),
	C(SO_SNDBUF),
	C(SO_SNDLOWAT),
	C(SO_SNDTIMEO),
	C(SO_TYPE),
	{0},
};

static const struct constant fcntls[] = {
	C(F_DUPFD),
	C(F_GETFD),
	C(F_SETFD),
	C(F_GETFL),
	C(F_SETFL),
	C(F_SETOWN),
	C(F_GETOWN),
	{0},
};

static const struct constant ioctls[] = {
	C(FIONBIO),
	C(FIONREAD),
	{0},
};

static const struct constant file_flags[] = {
	C(O_NONBLOCK),
	C(O_ASYNC),
	{0},
};

static const struct constant signals[] = {
	C(SIGINT),
	C(SIGTERM),
	C(SIGHUP),
	C(SIGCHLD),
	C(SIGIO),
	{0},
};

static const struct constant ai_flags[] = {
	C(AI_PASSIVE),
	C(AI_CANONNAME),
	C(AI_NUMERICHOST),
	C(AI_V4MAPPED),
	C(AI_ALL),
	C(AI_ADDRCONFIG),
	C(AI_NUMERICSERV),
	{0},
};

static const struct constant ni_flags[] = {
	C(NI_NUMERICHOST),
	C(NI_NUMERICSERV),
	C(NI_NOFQDN),
	C(NI_NAMEREQD),
	C(NI_DGRAM),
	{0},
};

// One of a few buffers in turn: there are as many as a line can need.
static char *next_text(size_t *room)
{
	static _Thread_local char texts[TEXTS][128];
	static _Thread_local unsigned next;

	*room = sizeof(texts[0]);
	return memset(texts[next++ % TEXTS], 0, *room);
}

static const char *name_of(const struct constant *table, long value)
{
	size_t room;
	char *text;

	for (; table->name; table++)
		if (table->value == value)
			return table->name;
	text = next_text(&room);
	snprintf(text, room, "%ld", value);
	return text;
}

static const char *flags_of(const struct constant *table, long value)
{
	size_t room;
	char *text = next_text(&room);
	size_t len = 0;

	for (; table->name && len < room; table++)
		if ((value & table->value) == table->value)
			len += (size_t)snprintf(
				text + len, room - len, "%s%s", len ? "|" : "", table->name);
	return text;
}

// The type of a socket is a number, with flags beside.
static const char *type_of(int type)
{
	return name_of(types, type & ~(SOCK_CLOEXEC | SOCK_NONBLOCK));
}

static const char *option_of(int level, int option)
{
	static const struct constant none[] = {{0}};

	return name_of(level == SOL_SOCKET ? options : none, option);
}

#endif
