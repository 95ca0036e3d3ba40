// SPDX-License-Identifier: ISC
// The netcat of BusyBox, as Alpine and Debian have it (version 1.35).
#include "compat/translate.h"

#define AT NETCAT_AT

static const struct opt opts[] = {
	{"exec", 'e', OPT_COMMAND, AT(exec_words, struct strlist), "PROG [ARG]...",
		"run PROG with the remaining arguments for each connection",
		.words = "command|file", .is_everyday = true},
	{"file", 'f', OPT_STRING, AT(refused, const char *), "FILE",
		"not here: a device instead of the network",
		.instead = "redirect stdin and stdout to it, and set it up with stty(1)"},
	{"keep-open", 'k', OPT_FLAG, AT(keep_open, bool), "",
		"serve one connection after the other, and many at once", .is_everyday = true},
	{"source", 's', OPT_STRING, AT(source, const char *), "ADDRESS",
		"the local address, also the one to listen on", .words = "address"},
	{"wait", 'w', OPT_DURATION, AT(wait_ms, uint64_t), "TIME",
		"give up after TIME without a connection", .min = 1, .max = 365 * NETCAT_DAY_MS,
		.is_everyday = true},
	{""},
};

static const struct opt lettered_opts[] = {NETCAT_NCAT_ROWS(0, 0, 'o', 0, 0, 0), {""}};

static const struct opt_group groups[] = {
	{"Common", netcat_common_opts, 0},
	{"Netcat", opts, 0},
	{"Pauses", netcat_interval_opts, 0},
	{"Ncat", lettered_opts, 0},
	{"Long", netcat_long_opts, 0},
	{0},
};

static const struct cmd cmd = {
	.name = "nc",
	.summary = "Take the command line of the nc of BusyBox and do what it says",
	.operands = "[HOST] PORT",
	.min_operands = 0,
	.max_operands = -1,
	.words = "host service",
	.config_size = sizeof(struct netcat_config),
	.groups = groups,
	.translate = translate_netcat,
	.program = &netcat_busybox,
	.status_of = netcat_status,
};

const struct netcat_dialect netcat_busybox = {
	.name = "busybox",
	.cmd = &cmd,
	.sends_fin = true,
	.ends_with_peer = true,
	.voice = &voice_busybox,
};
