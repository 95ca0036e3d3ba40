// SPDX-License-Identifier: ISC
// The netcat of Nmap (ncat(1), version 7.93).
#include "compat/netcat.h"
#include "compat/translate.h"

#define AT NETCAT_AT

static const struct opt opts[] = {
	{"exec", 'e', OPT_STRING, AT(exec, const char *), "COMMAND",
		"join each connection to COMMAND", .words = "command", .is_everyday = true},
	{"keep-open", 'k', OPT_FLAG, AT(keep_open, bool), "", "serve many connections",
		.is_everyday = true},
	{"source", 's', OPT_STRING, AT(source, const char *), "ADDRESS",
		"connect from this local address", .words = "address"},
	{"wait", 'w', OPT_DURATION, AT(wait_ms, uint64_t), "TIME",
		"give up after TIME without a connection (10s)", .min = 1,
		.max = 365 * NETCAT_DAY_MS, .is_everyday = true},
	{""},
};

static const struct opt lettered_opts[] = {NETCAT_NCAT_ROWS('m', 'o', 'x', 'i', 'd', 'c'), {""}};

static const struct opt_group groups[] = {
	{"Common", netcat_common_opts, 0},
	{"Netcat", opts, 0},
	{"Families", netcat_family_opts, 0},
	{"Lines", netcat_line_opts, 0},
	{"Routes", netcat_route_opts, 0},
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
