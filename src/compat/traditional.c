// SPDX-License-Identifier: ISC
// The first netcat, as Debian and Kali have it (nc.traditional(1), version 1.10).
#include "compat/translate.h"

#define AT NETCAT_AT

static const struct opt opts[] = {
	{"exec", 'e', OPT_STRING, AT(exec, const char *), "PROGRAM",
		"join the connection to PROGRAM", .words = "command|file", .is_everyday = true},
	{"keepalive", 'k', OPT_FLAG, AT(keepalive, bool), "",
		"keepalive probes, which are always sent here"},
	{"source", 's', OPT_STRING, AT(source, const char *), "ADDRESS",
		"the local address, also the one to listen on", .words = "address"},
	{"tos", 'T', OPT_STRING, AT(tos, const char *), "WORD", "the type of service"},
	{""},
};

static const struct opt lettered_opts[] = {NETCAT_NCAT_ROWS(0, 0, 'o', 0, 0, 'c'), {""}};

static const struct opt_group groups[] = {
	{"Common", netcat_common_opts, 0},
	{"Netcat", opts, 0},
	{"Lines", netcat_line_opts, 0},
	{"Pauses", netcat_interval_opts, 0},
	{"Original", netcat_original_opts, 0},
	{"Routes", netcat_route_opts, 0},
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
