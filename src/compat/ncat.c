// SPDX-License-Identifier: ISC
// The netcat of Nmap (ncat(1), version 7.93).
#include "compat/netcat.h"
#include "compat/translate.h"

#define AT NETCAT_AT
#define DAYS_MS 86400000ull

static const struct opt opts[] = {
	NETCAT_COMMON_ROWS,
	{"ipv4", '4', OPT_FLAG, AT(ipv4, bool), NULL, "use IPv4 only"},
	{"ipv6", '6', OPT_FLAG, AT(ipv6, bool), NULL, "use IPv6 only"},
	{"crlf", 'C', OPT_FLAG, AT(crlf, bool), NULL, "send line ends as CR LF"},
	{"exec", 'e', OPT_STRING, AT(exec, const char *), "COMMAND",
		"join each connection to COMMAND", .words = "command", .is_everyday = true},
	{"source-route", 'g', OPT_STRING, AT(refused, const char *), "HOPS",
		"not here: loose source routing", .instead = "routers drop such packets"},
	{"source-route-pointer", 'G', OPT_STRING, AT(refused, const char *), "N",
		"not here: see -g", .instead = "routers drop such packets"},
	{"keep-open", 'k', OPT_FLAG, AT(keep_open, bool), NULL, "serve many connections",
		.is_everyday = true},
	{"source", 's', OPT_STRING, AT(source, const char *), "ADDRESS",
		"connect from this address of ours", .words = "address"},
	{"telnet", 't', OPT_FLAG, AT(telnet, bool), NULL,
		"refuse telnet negotiation and keep it out of the output"},
	{"unixsock", 'U', OPT_FLAG, AT(is_unix, bool), NULL, "a Unix socket", .is_everyday = true},
	{"wait", 'w', OPT_DURATION, AT(wait_ms, uint64_t), "TIME",
		"give up after TIME without a connection (10s)", .min = 1, .max = 365 * DAYS_MS,
		.is_everyday = true},
	{0},
};

static const struct opt lettered_opts[] = {NETCAT_NCAT_ROWS('m', 'o', 'x', 'i', 'd', 'c'), {0}};

static const struct opt_group groups[] = {
	{"Netcat", opts, 0},
	{"Ncat", lettered_opts, 0},
	{"Long", netcat_long_opts, 0},
	{0},
};

static const char *const examples[] = {
	"sockctl ncat -zv example.org 80",
	"sockctl ncat --explain -lk --broker 8080",
	NULL,
};

const struct cmd cmd_ncat = {
	.name = "ncat",
	.summary = "Take the command line of ncat and do what it says",
	.operands = "[HOST] [PORT]",
	.min_operands = 0,
	.max_operands = 2,
	.words = "host|unix service",
	.config_size = sizeof(struct netcat_config),
	.groups = groups,
	.examples = examples,
	.translate = translate_netcat,
	.program = &netcat_ncat,
	.status_of = ncat_status,
};

const struct netcat_dialect netcat_ncat = {
	.name = "ncat",
	.cmd = &cmd_ncat,
	.is_ncat = true,
	.sends_fin = true,
	.connect_ms = 10000,
	.port = "31337",
	.voice = &voice_ncat,
};
