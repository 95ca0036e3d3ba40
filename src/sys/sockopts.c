// SPDX-License-Identifier: ISC
#include "sys/sockopts.h"

#include "sys/names.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/time.h>

#define OPT(level, name, type) \
	{ \
#name, level, name, SOCKOPT_##type, false \
	}
#define GET(level, name, type) \
	{ \
#name, level, name, SOCKOPT_##type, true \
	}

const struct sockopt sockopt_table[] = {
	GET(SOL_SOCKET, SO_ACCEPTCONN, BOOL),
	OPT(SOL_SOCKET, SO_BINDTODEVICE, STRING),
	OPT(SOL_SOCKET, SO_BROADCAST, BOOL),
	OPT(SOL_SOCKET, SO_DEBUG, BOOL),
	GET(SOL_SOCKET, SO_DOMAIN, FAMILY),
	OPT(SOL_SOCKET, SO_DONTROUTE, BOOL),
	GET(SOL_SOCKET, SO_ERROR, ERRNO),
	OPT(SOL_SOCKET, SO_KEEPALIVE, BOOL),
	OPT(SOL_SOCKET, SO_LINGER, LINGER),
	OPT(SOL_SOCKET, SO_MARK, INT),
	OPT(SOL_SOCKET, SO_OOBINLINE, BOOL),
	OPT(SOL_SOCKET, SO_PRIORITY, INT),
	GET(SOL_SOCKET, SO_PROTOCOL, INT),
	OPT(SOL_SOCKET, SO_RCVBUF, INT),
	OPT(SOL_SOCKET, SO_RCVLOWAT, INT),
	OPT(SOL_SOCKET, SO_RCVTIMEO, TIMEVAL),
	OPT(SOL_SOCKET, SO_REUSEADDR, BOOL),
	OPT(SOL_SOCKET, SO_REUSEPORT, BOOL),
	OPT(SOL_SOCKET, SO_RXQ_OVFL, BOOL),
	OPT(SOL_SOCKET, SO_SNDBUF, INT),
	GET(SOL_SOCKET, SO_SNDLOWAT, INT),
	OPT(SOL_SOCKET, SO_SNDTIMEO, TIMEVAL),
	GET(SOL_SOCKET, SO_TYPE, SOCKTYPE),
	GET(SOL_SOCKET, SO_PEERCRED, BYTES),
	OPT(IPPROTO_TCP, TCP_CONGESTION, STRING),
	OPT(IPPROTO_TCP, TCP_CORK, BOOL),
	OPT(IPPROTO_TCP, TCP_DEFER_ACCEPT, INT),
	OPT(IPPROTO_TCP, TCP_FASTOPEN, INT),
	GET(IPPROTO_TCP, TCP_INFO, BYTES),
	OPT(IPPROTO_TCP, TCP_KEEPCNT, INT),
	OPT(IPPROTO_TCP, TCP_KEEPIDLE, INT),
	OPT(IPPROTO_TCP, TCP_KEEPINTVL, INT),
	OPT(IPPROTO_TCP, TCP_MAXSEG, INT),
	OPT(IPPROTO_TCP, TCP_NODELAY, BOOL),
	OPT(IPPROTO_TCP, TCP_QUICKACK, BOOL),
	OPT(IPPROTO_TCP, TCP_SYNCNT, INT),
	OPT(IPPROTO_TCP, TCP_USER_TIMEOUT, INT),
	OPT(IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, BOOL),
	OPT(IPPROTO_IP, IP_FREEBIND, BOOL),
	OPT(IPPROTO_IP, IP_TOS, INT),
	OPT(IPPROTO_IP, IP_TTL, INT),
	OPT(IPPROTO_IPV6, IPV6_TCLASS, INT),
	OPT(IPPROTO_IPV6, IPV6_UNICAST_HOPS, INT),
	OPT(IPPROTO_IPV6, IPV6_V6ONLY, BOOL),
};

const size_t sockopt_count = ARRAY_SIZE(sockopt_table);

static const struct name_value levels[] = {
	{"SOL_SOCKET", SOL_SOCKET},
	{"IPPROTO_IP", IPPROTO_IP},
	{"IPPROTO_IPV6", IPPROTO_IPV6},
	{"IPPROTO_TCP", IPPROTO_TCP},
	{"IPPROTO_UDP", IPPROTO_UDP},
	{0},
};

const struct sockopt *sockopt_by_name(const char *name)
{
	for (size_t i = 0; i < sockopt_count; i++)
		if (strcasecmp(sockopt_table[i].name, name) == 0)
			return &sockopt_table[i];
	return NULL;
}

const struct sockopt *sockopt_by_number(int level, int option)
{
	for (size_t i = 0; i < sockopt_count; i++)
		if (sockopt_table[i].level == level && sockopt_table[i].option == option)
			return &sockopt_table[i];
	return NULL;
}

const char *sockopt_level_name(int level)
{
	return name_of(levels, level);
}

static void add_bytes(struct str *s, const unsigned char *p, size_t len)
{
	str_add(s, "0x");
	for (size_t i = 0; i < len; i++)
		str_addf(s, "%02x", p[i]);
}

static void add_int(struct str *s, enum sockopt_type type, int v)
{
	const char *name = type == SOCKOPT_ERRNO && v ? strerrorname_np(v) : NULL;

	if (name)
		str_add(s, name);
	else if (type == SOCKOPT_SOCKTYPE)
		str_add_name(s, names_type, v);
	else if (type == SOCKOPT_FAMILY)
		str_add_name(s, names_family, v);
	else
		str_addf(s, "%d", v);
}

static void add_linger(struct str *s, const struct linger *l)
{
	if (l->l_onoff)
		str_addf(s, "%d", l->l_linger);
	else
		str_add(s, "off");
}

void str_add_sockopt_value(struct str *s, const struct sockopt *o, const void *value, size_t len)
{
	int v;
	struct linger linger;
	struct timeval tv;

	if (!value) {
		str_add(s, "NULL");
	} else if (!o || o->type == SOCKOPT_BYTES) {
		add_bytes(s, value, len);
	} else if (o->type == SOCKOPT_STRING) {
		str_add_escaped(s, value, strnlen(value, len));
	} else if (o->type == SOCKOPT_LINGER && len == sizeof(linger)) {
		memcpy(&linger, value, sizeof(linger));
		add_linger(s, &linger);
	} else if (o->type == SOCKOPT_TIMEVAL && len == sizeof(tv)) {
		memcpy(&tv, value, sizeof(tv));
		str_addf(s, "%ldms", (long)tv.tv_sec * 1000 + (long)tv.tv_usec / 1000);
	} else if (len == sizeof(v)) {
		memcpy(&v, value, sizeof(v));
		add_int(s, o->type, v);
	} else {
		add_bytes(s, value, len);
	}
}
