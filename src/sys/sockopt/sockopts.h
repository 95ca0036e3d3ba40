// SPDX-License-Identifier: ISC
// The socket options of this system: one table for --set, --get, the options command and the trace.
#ifndef SOCKCTL_SYS_SOCKOPT_SOCKOPTS_H
#define SOCKCTL_SYS_SOCKOPT_SOCKOPTS_H

#include "sys/names.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// How a value is kept in memory and written as a word; sys/sockopt/sockopt_value has a codec for
// each.
enum sockopt_type {
	SOCKOPT_BOOL, // int, 0 or 1
	SOCKOPT_INT,
	SOCKOPT_HEX, // unsigned int whose bits count
	SOCKOPT_U64,
	SOCKOPT_SIZE, // int, bytes
	SOCKOPT_SECONDS, // int
	SOCKOPT_MSEC, // int, milliseconds
	SOCKOPT_USEC, // int, microseconds
	SOCKOPT_NAME, // int, one constant of names
	SOCKOPT_FLAGS, // int, constants of names or-ed
	SOCKOPT_ERRNO, // int
	SOCKOPT_LINGER, // struct linger
	SOCKOPT_TIMEVAL, // struct timeval
	SOCKOPT_STRING, // char[], such as the name of a device
	SOCKOPT_UCRED, // struct ucred
	SOCKOPT_IFINDEX, // int, index of an interface
	SOCKOPT_IFINDEX_NET, // the same in network byte order
	SOCKOPT_PORT_RANGE, // u32: low | high << 16
	SOCKOPT_U32S, // u32[]
	SOCKOPT_IN_IF, // struct ip_mreqn in, struct in_addr out: an address or an interface
	SOCKOPT_IN_MREQ, // struct ip_mreqn: GROUP[%interface]
	SOCKOPT_IN6_MREQ, // struct ipv6_mreq: GROUP[%interface]
	SOCKOPT_IN_SOURCE, // struct ip_mreq_source: GROUP,SOURCE[,LOCAL]
	SOCKOPT_GROUP, // struct group_req: GROUP[%interface]
	SOCKOPT_GROUP_SOURCE, // struct group_source_req: GROUP[%interface],SOURCE
	SOCKOPT_IN6_PKTINFO, // struct in6_pktinfo: ADDRESS[%interface]
	SOCKOPT_SOCKADDR, // struct sockaddr_storage
	SOCKOPT_FILTER, // struct sock_fprog: a classic BPF program
	SOCKOPT_INFO, // struct tcp_info
	SOCKOPT_BYTES, // any other structure, as hex
};

enum {
	SOCKOPT_GET = 1,
	SOCKOPT_SET = 2,
};

// When an option is to be set so that it takes effect.
enum sockopt_when {
	SOCKOPT_ANY,
	SOCKOPT_BEFORE, // before bind, connect or listen
	SOCKOPT_AFTER, // on a connection
};

// The kinds of sockets that know an option.
enum {
	SOCKOPT_TCP = 1,
	SOCKOPT_UDP = 2,
	SOCKOPT_UNIX = 4,
	SOCKOPT_RAW = 8,
};

// Which constants a value is made of, for SOCKOPT_NAME and SOCKOPT_FLAGS.
enum sockopt_names {
	SOCKOPT_NAMES_NONE,
	SOCKOPT_NAMES_BUF_LOCK,
	SOCKOPT_NAMES_FAMILY,
	SOCKOPT_NAMES_IPV6_PMTUDISC,
	SOCKOPT_NAMES_IPV6_PREFER,
	SOCKOPT_NAMES_PMTUDISC,
	SOCKOPT_NAMES_PROTOCOL,
	SOCKOPT_NAMES_TIMESTAMPING,
	SOCKOPT_NAMES_TYPE,
};

// Without pointers, which would be put in place whenever the program starts.
struct sockopt {
	char name[28]; // as the header files spell it
	char since[8]; // first version of Linux with it
	char meaning[72]; // one line, no full stop
	int level;
	int option;
	enum sockopt_type type : 8;
	enum sockopt_names names : 8;
	enum sockopt_when when : 8;
	uint8_t access; // SOCKOPT_GET | SOCKOPT_SET
	uint8_t kinds; // SOCKOPT_TCP | ...
	bool young; // the header files do not have its name yet
};

// The option after PREV, or the first for NULL; NULL at the end. By level, then by name.
const struct sockopt *sockopt_next(const struct sockopt *prev);
#define sockopt_for_each(o) \
	for (const struct sockopt *o = sockopt_next(NULL); o; o = sockopt_next(o))

// Case does not count; NULL if unknown. Of the options that both IPv4 and IPv6 have under one name
// (MCAST_*) it is that of IPv4.
const struct sockopt *sockopt_by_name(const char *name);
const struct sockopt *sockopt_by_number(int level, int option);
const char *sockopt_level_name(int level);

// The constants that the values of O are made of, or NULL.
const struct name_value *sockopt_names(const struct sockopt *o);

#endif
