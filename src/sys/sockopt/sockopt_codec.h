// SPDX-License-Identifier: ISC
// The parts of sys/sockopt/sockopt_value: each type of value is read by one function and written by
// another.
#ifndef SOCKCTL_SYS_SOCKOPT_SOCKOPT_CODEC_H
#define SOCKCTL_SYS_SOCKOPT_SOCKOPT_CODEC_H

#include "sys/sockopt/sockopt_value.h"

#include <stdint.h>

// The results are those of sockopt_value_parse().
typedef int sockopt_parse_fn(struct sockopt_value *v, const struct sockopt *o, const char *word);

sockopt_parse_fn sockopt_parse_bool, sockopt_parse_number, sockopt_parse_u64, sockopt_parse_size,
	sockopt_parse_period, sockopt_parse_name, sockopt_parse_flags, sockopt_parse_linger,
	sockopt_parse_timeval, sockopt_parse_string, sockopt_parse_u32s, sockopt_parse_hex;

sockopt_parse_fn sockopt_parse_ifindex, sockopt_parse_port_range, sockopt_parse_in_if,
	sockopt_parse_in_mreq, sockopt_parse_in6_mreq, sockopt_parse_in_source, sockopt_parse_group,
	sockopt_parse_group_source, sockopt_parse_in6_pktinfo, sockopt_parse_filter;

// Called with at least as many bytes as the type has.
typedef void sockopt_format_fn(
	struct str *s, const struct sockopt *o, const void *value, size_t len);

sockopt_format_fn sockopt_format_int, sockopt_format_size, sockopt_format_hex, sockopt_format_u64,
	sockopt_format_period, sockopt_format_name, sockopt_format_flags, sockopt_format_errno,
	sockopt_format_linger, sockopt_format_timeval, sockopt_format_string, sockopt_format_u32s,
	sockopt_format_ucred, sockopt_format_bytes;

sockopt_format_fn sockopt_format_ifindex, sockopt_format_port_range, sockopt_format_in_if,
	sockopt_format_in_mreq, sockopt_format_in6_mreq, sockopt_format_in_source,
	sockopt_format_group, sockopt_format_group_source, sockopt_format_in6_pktinfo,
	sockopt_format_sockaddr, sockopt_format_filter;

// Makes DATA the value. Returns 0 or -E2BIG.
int sockopt_set_bytes(struct sockopt_value *v, const void *data, size_t len);

// Microseconds in one unit of an option that is a time.
uint64_t sockopt_time_unit(const struct sockopt *o);

#endif
