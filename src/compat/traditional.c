// SPDX-License-Identifier: ISC
// The first netcat, as Debian and Kali have it (nc.traditional(1), version 1.10).
#include "compat/translate.h"

#define AT NETCAT_AT
#define DAYS_MS 86400000ull

static const struct opt opts[] = {
	NETCAT_COMMON_ROWS,
	{"broadcast", 'b', OPT_FLAG, AT(broadcast, bool), NULL, "allow broadcast"},
	{"crlf", 'C', OPT_FLAG, AT(crlf, bool), NULL, "send line ends as CR LF"},
	{"exec", 'e', OPT_STRING, AT(exec, const char *), "PROGRAM",
		"join the connection to PROGRAM", .words = "command|file", .is_everyday = true},
	{"source-route-pointer", 'G', OPT_STRING, AT(refused, const char *), "N",
		"not here: see -g", .instead = "routers drop such packets"},
	{"source-route", 'g', OPT_STRING, AT(refused, const char *), "GATEWAY",
		"not here: loose source routing", .instead = "routers drop such packets"},
	{"interval", 'i', OPT_DURATION, AT(interval_ms, uint64_t), "TIME", "pause between lines",
		.min = 1, .max = DAYS_MS},
	{"keepalive", 'k', OPT_FLAG, AT(keepalive, bool), NULL,
		"keepalive probes, which are always sent here"},
	{"quit", 'q', OPT_STRING, AT(quit, const char *), "SECONDS",
		"pass on the end of the input, and end after so long without an answer",
		.is_everyday = true},
	{"random", 'r', OPT_FLAG, AT(random, bool), NULL,
		"ports in any order, which is no different here"},
	{"source", 's', OPT_STRING, AT(source, const char *), "ADDRESS",
		"the address of ours, also the one to listen on", .words = "address"},
	{"tos", 'T', OPT_STRING, AT(tos, const char *), "WORD", "the type of service"},
	{"telnet", 't', OPT_FLAG, AT(telnet, bool), NULL,
		"refuse telnet negotiation and keep it out of the output"},
	{"wait", 'w', OPT_DURATION, AT(wait_ms, uint64_t), "TIME",
		"give up connecting after TIME, and end after TIME without a byte", .min = 1,
		.max = 365 * DAYS_MS, .is_everyday = true},
	{0},
};

static const struct opt lettered_opts[] = {NETCAT_NCAT_ROWS(0, 0, 'o', 0, 0, 'c'), {0}};

static const struct opt_group groups[] = {
	{"Netcat", opts, 0},
	{"Ncat", lettered_opts, 0},
	{"Long", netcat_long_opts, 0},
	{0},
};

static const struct cmd cmd = {
	.name = "nc",
	.summary = "Take the command line of the first netcat and do what it says",
	.operands = "[HOST] PORT",
	.min_operands = 0,
	.max_operands = -1,
	.words = "host service",
	.config_size = sizeof(struct netcat_config),
	.groups = groups,
	.translate = translate_netcat,
	.program = &netcat_traditional,
	.status_of = netcat_status,
};

const struct netcat_dialect netcat_traditional = {
	.name = "traditional",
	.cmd = &cmd,
	.ends_with_peer = true,
	.wait_is_idle = true,
	.quits_at_once = true,
	.voice = &voice_traditional,
};
