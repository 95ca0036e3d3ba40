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
	const char *c_type, *members; // as the header files declare it; NULL: no structure
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

#define IP_MREQN \
	"struct ip_mreqn", \
		"struct in_addr imr_multiaddr; struct in_addr imr_address; int imr_ifindex"

// TCP_INFO, which nobody can set.
static void format_tcp_info(struct str *s, const struct sockopt *o, const void *value, size_t len)
{
	(void)o;
	str_add_tcp_info(s, value, len);
}

static const struct codec codecs[] = {
	[SOCKOPT_BOOL] = {"bool", "int", NULL, "on or off", NULL, sizeof(int), sockopt_parse_bool,
		sockopt_format_int},
	[SOCKOPT_INT] = {"int", "int", NULL, "a whole number", INT_RANGE, sizeof(int),
		sockopt_parse_number, sockopt_format_int},
	[SOCKOPT_HEX] = {"int", "unsigned int", NULL, "a number such as 16 or 0x10", UINT_RANGE,
		sizeof(int), sockopt_parse_number, sockopt_format_hex},
	[SOCKOPT_U64] = {"int", "uint64_t", NULL, "a number such as 4096, 64k or 1M",
		"0 to 18446744073709551615", sizeof(int), sockopt_parse_u64, sockopt_format_u64},
	[SOCKOPT_SIZE] = {"size", "int", NULL, "a size such as 4096, 64k or 1M", UINT_RANGE,
		sizeof(int), sockopt_parse_size, sockopt_format_size},
	[SOCKOPT_SECONDS] = {"time", "int", NULL, "a time in whole seconds such as 10, 90s or 2m",
		INT_RANGE, sizeof(int), sockopt_parse_period, sockopt_format_period},
	[SOCKOPT_MSEC] = {"time", "int", NULL, "a time such as 1500 (milliseconds), 1500ms or 2s",
		INT_RANGE, sizeof(int), sockopt_parse_period, sockopt_format_period},
	[SOCKOPT_USEC] = {"time", "int", NULL, "a time such as 50 (microseconds), 50us or 2ms",
		INT_RANGE, sizeof(int), sockopt_parse_period, sockopt_format_period},
	[SOCKOPT_NAME] = {"name", "int", NULL, "a name", INT_RANGE, sizeof(int), sockopt_parse_name,
		sockopt_format_name},
	[SOCKOPT_FLAGS] = {"flags", "int", NULL, "names joined by |", UINT_RANGE, sizeof(int),
		sockopt_parse_flags, sockopt_format_flags},
	[SOCKOPT_ERRNO] = {"errno", "int", NULL, NULL, NULL, sizeof(int), NULL,
		sockopt_format_errno},
	[SOCKOPT_LINGER] = {"linger", "struct linger", "int l_onoff; int l_linger",
		"off or a time in whole seconds such as 5", "0 to 2147483647",
		sizeof(struct linger), sockopt_parse_linger, sockopt_format_linger},
	[SOCKOPT_TIMEVAL] = {"time", "struct timeval", "time_t tv_sec; suseconds_t tv_usec",
		"off or a time such as 5, 0.5 or 500ms", "0 to 9223372036854775807",
		sizeof(struct timeval), sockopt_parse_timeval, sockopt_format_timeval},
	[SOCKOPT_STRING] = {"string", "char[]", NULL, "a word", NULL, 0, sockopt_parse_string,
		sockopt_format_string},
	[SOCKOPT_UCRED] = {"credentials", "struct ucred", "pid_t pid; uid_t uid; gid_t gid", NULL,
		NULL, sizeof(struct ucred), NULL, sockopt_format_ucred},
	[SOCKOPT_IFINDEX] = {"interface", "int", NULL, "the name or number of an interface", NULL,
		sizeof(int), sockopt_parse_ifindex, sockopt_format_ifindex},
	[SOCKOPT_IFINDEX_NET] = {"interface", "int", NULL, "the name or number of an interface",
		NULL, sizeof(int), sockopt_parse_ifindex, sockopt_format_ifindex},
	[SOCKOPT_PORT_RANGE] = {"ports", "uint32_t", NULL, "a range of ports such as 40000-50000",
		"0 to 65535", sizeof(uint32_t), sockopt_parse_port_range,
		sockopt_format_port_range},
	[SOCKOPT_U32S] = {"ints", "uint32_t[]", NULL, "numbers joined by commas", UINT_RANGE, 0,
		sockopt_parse_u32s, sockopt_format_u32s},
	[SOCKOPT_IN_IF] = {"address", IP_MREQN, "the IPv4 address or the name of an interface",
		NULL, sizeof(struct in_addr), sockopt_parse_in_if, sockopt_format_in_if},
	[SOCKOPT_IN_MREQ] = {"address", IP_MREQN, "a group such as 239.1.2.3 or 239.1.2.3%eth0",
		NULL, sizeof(struct ip_mreqn), sockopt_parse_in_mreq, sockopt_format_in_mreq},
	[SOCKOPT_IN6_MREQ] = {"address", "struct ipv6_mreq",
		"struct in6_addr ipv6mr_multiaddr; unsigned int ipv6mr_interface",
		"a group such as ff02::1%eth0", NULL, sizeof(struct ipv6_mreq),
		sockopt_parse_in6_mreq, sockopt_format_in6_mreq},
	[SOCKOPT_IN_SOURCE] = {"address", "struct ip_mreq_source",
		"struct in_addr imr_multiaddr; struct in_addr imr_interface; struct in_addr "
		"imr_sourceaddr",
		SOURCE_FORM, NULL, sizeof(struct ip_mreq_source), sockopt_parse_in_source,
		sockopt_format_in_source},
	[SOCKOPT_GROUP] = {"address", "struct group_req",
		"uint32_t gr_interface; struct sockaddr_storage gr_group", GROUP_FORM, NULL,
		sizeof(struct group_req), sockopt_parse_group, sockopt_format_group},
	[SOCKOPT_GROUP_SOURCE] = {"address", "struct group_source_req",
		"uint32_t gsr_interface; struct sockaddr_storage gsr_group; struct "
		"sockaddr_storage gsr_source",
		SOURCE_FORM, NULL, sizeof(struct group_source_req), sockopt_parse_group_source,
		sockopt_format_group_source},
	[SOCKOPT_IN6_PKTINFO] = {"address", "struct in6_pktinfo",
		"struct in6_addr ipi6_addr; unsigned int ipi6_ifindex",
		"an address such as 2001:db8::1 or fe80::1%eth0", NULL, sizeof(struct in6_pktinfo),
		sockopt_parse_in6_pktinfo, sockopt_format_in6_pktinfo},
	[SOCKOPT_SOCKADDR] = {"address", "struct sockaddr_storage", "sa_family_t ss_family", NULL,
		NULL, 0, NULL, sockopt_format_sockaddr},
	[SOCKOPT_FILTER] = {"filter", "struct sock_fprog",
		"unsigned short len; struct sock_filter *filter",
		"a program as 'tcpdump -ddd' writes it, lines joined by commas",
		"0 to 4294967295 for k, to 255 for jt and jf, to 65535 for the code",
		sizeof(struct sock_fprog), sockopt_parse_filter, sockopt_format_filter},
	[SOCKOPT_INFO] = {"structure", "struct tcp_info", NULL, NULL, NULL, 0, NULL,
		format_tcp_info},
	[SOCKOPT_BYTES] = {"bytes", "unsigned char[]", NULL, "bytes in hex such as 0x0102", NULL, 0,
		sockopt_parse_hex, sockopt_format_bytes},
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

const char *sockopt_c_type(const struct sockopt *o)
{
	return codecs[o->type].c_type;
}

const char *sockopt_c_members(const struct sockopt *o)
{
	return codecs[o->type].members;
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
