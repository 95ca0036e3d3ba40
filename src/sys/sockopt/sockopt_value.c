// SPDX-License-Identifier: ISC
#include "sys/sockopt/sockopt_value.h"

#include "sys/sockopt/sockopt_codec.h"
#include "sys/tcp_info.h"

#include <linux/filter.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/time.h>

struct codec {
	const char *name;
	const char *form; // what a word of it is
	const char *range; // between which its numbers are
	size_t size; // fewer bytes than these are shown as hex
	sockopt_parse_fn *parse; // NULL: such options can only be read
	sockopt_format_fn *format;
};

#define INT_RANGE "-2147483648 to 2147483647"
#define UINT_RANGE "0 to 4294967295"
#define GROUP_FORM "a group such as 239.1.2.3 or ff02::1%eth0"
#define SOURCE_FORM "a group and its source such as 232.1.2.3,192.0.2.1"

// TCP_INFO, which nobody can set.
static void format_tcp_info(struct str *s, const struct sockopt *o, const void *value, size_t len)
{
	(void)o;
	str_add_tcp_info(s, value, len);
}

static const struct codec codecs[] = {
	[SOCKOPT_BOOL] = {"bool", "on or off", NULL, sizeof(int), sockopt_parse_bool,
		sockopt_format_int},
	[SOCKOPT_INT] = {"int", "a whole number", INT_RANGE, sizeof(int), sockopt_parse_number,
		sockopt_format_int},
	[SOCKOPT_HEX] = {"int", "a number such as 16 or 0x10", UINT_RANGE, sizeof(int),
		sockopt_parse_number, sockopt_format_hex},
	[SOCKOPT_U64] = {"int", "a number such as 4096, 64k or 1M", "0 to 18446744073709551615",
		sizeof(int), sockopt_parse_u64, sockopt_format_u64},
	[SOCKOPT_SIZE] = {"size", "a size such as 4096, 64k or 1M", UINT_RANGE, sizeof(int),
		sockopt_parse_size, sockopt_format_size},
	[SOCKOPT_SECONDS] = {"time", "a time in whole seconds such as 10, 90s or 2m", INT_RANGE,
		sizeof(int), sockopt_parse_period, sockopt_format_period},
	[SOCKOPT_MSEC] = {"time", "a time such as 1500 (milliseconds), 1500ms or 2s", INT_RANGE,
		sizeof(int), sockopt_parse_period, sockopt_format_period},
	[SOCKOPT_USEC] = {"time", "a time such as 50 (microseconds), 50us or 2ms", INT_RANGE,
		sizeof(int), sockopt_parse_period, sockopt_format_period},
	[SOCKOPT_NAME] = {"name", "a name", INT_RANGE, sizeof(int), sockopt_parse_name,
		sockopt_format_name},
	[SOCKOPT_FLAGS] = {"flags", "names joined by |", UINT_RANGE, sizeof(int),
		sockopt_parse_flags, sockopt_format_flags},
	[SOCKOPT_ERRNO] = {"errno", NULL, NULL, sizeof(int), NULL, sockopt_format_errno},
	[SOCKOPT_LINGER] = {"linger", "off or a time in whole seconds such as 5", "0 to 2147483647",
		sizeof(struct linger), sockopt_parse_linger, sockopt_format_linger},
	[SOCKOPT_TIMEVAL] = {"time", "off or a time such as 5, 0.5 or 500ms",
		"0 to 9223372036854775807", sizeof(struct timeval), sockopt_parse_timeval,
		sockopt_format_timeval},
	[SOCKOPT_STRING] = {"string", "a word", NULL, 0, sockopt_parse_string,
		sockopt_format_string},
	[SOCKOPT_UCRED] = {"credentials", NULL, NULL, sizeof(struct ucred), NULL,
		sockopt_format_ucred},
	[SOCKOPT_IFINDEX] = {"interface", "the name or number of an interface", NULL, sizeof(int),
		sockopt_parse_ifindex, sockopt_format_ifindex},
	[SOCKOPT_IFINDEX_NET] = {"interface", "the name or number of an interface", NULL,
		sizeof(int), sockopt_parse_ifindex, sockopt_format_ifindex},
	[SOCKOPT_PORT_RANGE] = {"ports", "a range of ports such as 40000-50000", "0 to 65535",
		sizeof(uint32_t), sockopt_parse_port_range, sockopt_format_port_range},
	[SOCKOPT_U32S] = {"ints", "numbers joined by commas", UINT_RANGE, 0, sockopt_parse_u32s,
		sockopt_format_u32s},
	[SOCKOPT_IN_IF] = {"address", "the IPv4 address or the name of an interface", NULL,
		sizeof(struct in_addr), sockopt_parse_in_if, sockopt_format_in_if},
	[SOCKOPT_IN_MREQ] = {"address", "a group such as 239.1.2.3 or 239.1.2.3%eth0", NULL,
		sizeof(struct ip_mreqn), sockopt_parse_in_mreq, sockopt_format_in_mreq},
	[SOCKOPT_IN6_MREQ] = {"address", "a group such as ff02::1%eth0", NULL,
		sizeof(struct ipv6_mreq), sockopt_parse_in6_mreq, sockopt_format_in6_mreq},
	[SOCKOPT_IN_SOURCE] = {"address", SOURCE_FORM, NULL, sizeof(struct ip_mreq_source),
		sockopt_parse_in_source, sockopt_format_in_source},
	[SOCKOPT_GROUP] = {"address", GROUP_FORM, NULL, sizeof(struct group_req),
		sockopt_parse_group, sockopt_format_group},
	[SOCKOPT_GROUP_SOURCE] = {"address", SOURCE_FORM, NULL, sizeof(struct group_source_req),
		sockopt_parse_group_source, sockopt_format_group_source},
	[SOCKOPT_IN6_PKTINFO] = {"address", "an address such as 2001:db8::1 or fe80::1%eth0", NULL,
		sizeof(struct in6_pktinfo), sockopt_parse_in6_pktinfo, sockopt_format_in6_pktinfo},
	[SOCKOPT_SOCKADDR] = {"address", NULL, NULL, 0, NULL, sockopt_format_sockaddr},
	[SOCKOPT_FILTER] = {"filter",
		"a program as 'tcpdump -ddd' writes it, lines joined by commas",
		"0 to 4294967295 for k, to 255 for jt and jf, to 65535 for the code",
		sizeof(struct sock_fprog), sockopt_parse_filter, sockopt_format_filter},
	[SOCKOPT_INFO] = {"structure", NULL, NULL, 0, NULL, format_tcp_info},
	[SOCKOPT_BYTES] = {"bytes", "bytes in hex such as 0x0102", NULL, 0, sockopt_parse_hex,
		sockopt_format_bytes},
};

void sockopt_value_fini(struct sockopt_value *v)
{
	free(v->program);
	v->program = NULL;
}

int sockopt_value_parse(struct sockopt_value *v, const struct sockopt *o, const char *word)
{
	*v = (struct sockopt_value){0};
	return codecs[o->type].parse(v, o, word);
}

const char *sockopt_value_form(const struct sockopt *o)
{
	return codecs[o->type].form;
}

const char *sockopt_value_range(const struct sockopt *o)
{
	return codecs[o->type].range;
}

const char *sockopt_type_name(const struct sockopt *o)
{
	return codecs[o->type].name;
}

void str_add_sockopt_value(struct str *s, const struct sockopt *o, const void *value, size_t len)
{
	const struct codec *codec = &codecs[o ? o->type : SOCKOPT_BYTES];

	if (!value)
		str_add(s, "NULL");
	else if (len < codec->size)
		sockopt_format_bytes(s, o, value, len);
	else
		codec->format(s, o, value, len);
}
