// SPDX-License-Identifier: ISC
#include "sys/sockopt/sockopts.h"

#include "sys/sockopt/sockopts_rows.h"

#include <netinet/in.h>
#include <string.h>
#include <strings.h>

static const struct sockopt *const tables[] = {
	sockopts_socket,
	sockopts_ip,
	sockopts_transport,
	NULL,
};

// Other names that the header files have for the same option.
static const struct {
	const char *name, *same;
} aliases[] = {
	{"SO_DETACH_BPF", "SO_DETACH_FILTER"},
	{"IP_ORIGDSTADDR", "IP_RECVORIGDSTADDR"},
	{"IP_RECVRETOPTS", "IP_RETOPTS"},
	{"IPV6_ADD_MEMBERSHIP", "IPV6_JOIN_GROUP"},
	{"IPV6_DROP_MEMBERSHIP", "IPV6_LEAVE_GROUP"},
	{"IPV6_ORIGDSTADDR", "IPV6_RECVORIGDSTADDR"},
};

// The table that follows the one whose last row is this.
static const struct sockopt *table_after(const struct sockopt *last)
{
	for (size_t i = 0; tables[i]; i++)
		for (const struct sockopt *o = tables[i]; *o->name; o++)
			if (o == last)
				return tables[i + 1];
	return NULL;
}

const struct sockopt *sockopt_next(const struct sockopt *prev)
{
	if (!prev)
		return tables[0];
	return *prev[1].name ? prev + 1 : table_after(prev);
}

const struct sockopt *sockopt_by_name(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(aliases); i++)
		if (strcasecmp(aliases[i].name, name) == 0)
			name = aliases[i].same;
	sockopt_for_each (o)
		if (strcasecmp(o->name, name) == 0)
			return o;
	return NULL;
}

const struct sockopt *sockopt_by_number(int level, int option)
{
	sockopt_for_each (o)
		if (o->level == level && o->option == option)
			return o;
	return NULL;
}

const struct name_value *sockopt_names(const struct sockopt *o)
{
	static const struct name_value *const names[] = {
		[SOCKOPT_NAMES_BUF_LOCK] = names_buf_lock,
		[SOCKOPT_NAMES_FAMILY] = names_family,
		[SOCKOPT_NAMES_IPV6_PMTUDISC] = names_ipv6_pmtudisc,
		[SOCKOPT_NAMES_IPV6_PREFER] = names_ipv6_prefer,
		[SOCKOPT_NAMES_PMTUDISC] = names_pmtudisc,
		[SOCKOPT_NAMES_PROTOCOL] = names_protocol,
		[SOCKOPT_NAMES_TIMESTAMPING] = names_timestamping,
		[SOCKOPT_NAMES_TYPE] = names_type,
	};

	return names[o->names];
}

const char *sockopt_level_name(int level)
{
	static const struct name_value levels[] = {
		{"SOL_SOCKET", SOL_SOCKET},
		{"IPPROTO_IP", IPPROTO_IP},
		{"IPPROTO_IPV6", IPPROTO_IPV6},
		{"IPPROTO_TCP", IPPROTO_TCP},
		{"IPPROTO_UDP", IPPROTO_UDP},
		{""},
	};

	return name_of(levels, level);
}
