// SPDX-License-Identifier: ISC
// The netcat of OpenBSD, as Debian has it (nc(1), version 1.219).
#include "compat/netcat.h"
#include "compat/translate.h"

#define AT NETCAT_AT

static const struct opt opts[] = {
	{"tls", 'c', OPT_FLAG, AT(tls, bool), "", "speak TLS and verify the server"},
	{"debug", 'D', OPT_FLAG, AT(debug, bool), "", "set SO_DEBUG"},
	{"no-input", 'd', OPT_FLAG, AT(no_input, bool), "", "do not read stdin",
		.is_everyday = true},
	{"exec", 'e', OPT_STRING, AT(exec, const char *), "COMMAND",
		"join each connection to COMMAND; with -c, the name in the certificate",
		.words = "command", .is_everyday = true},
	{"pass-fd", 'F', OPT_FLAG, AT(pass_fd, bool), "",
		"hand the connected socket over on stdout, and end"},
	{"connect-timeout", 'G', OPT_DURATION, AT(connect_ms, uint64_t), "TIME",
		"give up after TIME without a connection", .min = 1, .max = 365 * NETCAT_DAY_MS},
	{"receive-buffer", 'I', OPT_SIZE, AT(receive_buffer, uint64_t), "SIZE",
		"the receive buffer", .min = 1, .max = INT32_MAX},
	{"keep-open", 'k', OPT_FLAG, AT(keep_open, bool), "",
		"serve one connection after the other, and many at once", .is_everyday = true},
	{"ttl", 'M', OPT_UINT, AT(ttl, uint64_t), "N", "the TTL or hop limit of packets", .min = 1,
		.max = 255},
	{"min-ttl", 'm', OPT_UINT, AT(min_ttl, uint64_t), "N",
		"drop packets that come with a lower one", .min = 1, .max = 255},
	{"shutdown", 'N', OPT_FLAG, AT(shutdown, bool), "", "pass on the end of the input",
		.is_everyday = true},
	{"send-buffer", 'O', OPT_SIZE, AT(send_buffer, uint64_t), "SIZE", "the send buffer",
		.min = 1, .max = INT32_MAX},
	{"proxy-user", 'P', OPT_STRING, AT(proxy_user, const char *), "USER",
		"log in to the proxy of -x as USER; the terminal is asked for the password"},
	{"md5", 'S', OPT_FLAG, AT(refused_flag, bool), "", "not here: sign segments (RFC 2385)",
		.instead = "'sockctl connect --set TCP_MD5SIG=...' takes the key"},
	{"source", 's', OPT_STRING, AT(source, const char *), "ADDRESS",
		"the local address, also the one to listen on", .words = "address",
		.is_everyday = true},
	{"tos", 'T', OPT_STRING, AT(tos, const char *), "WORD",
		"the type of service: ef, af11, cs1, lowdelay or 0x10"},
	{"routing-table", 'V', OPT_STRING, AT(refused, const char *), "N",
		"not here: another routing table",
		.instead = "'ip vrf exec' or 'sockctl connect --set SO_MARK=N' chooses a route"},
	{"count", 'W', OPT_UINT, AT(count, uint64_t), "N", "end after N pieces that have come",
		.min = 1, .max = UINT32_MAX},
	{"proxy-protocol", 'X', OPT_STRING, AT(proxy_protocol, const char *), "4|5|connect",
		"what the proxy of -x speaks (5)", .is_everyday = true},
	{"proxy-address", 'x', OPT_STRING, AT(proxy, const char *), "HOST[:PORT]",
		"connect through this proxy", .is_everyday = true},
	{"dccp", 'Z', OPT_FLAG, AT(refused_flag, bool), "", "not here: DCCP",
		.instead = "sockctl speaks TCP, UDP and Unix sockets"},
	{""},
};

static const struct opt ncat_opts[] = {NETCAT_NCAT_ROWS(0, 0, 0, 0, 0, 0), {""}};

static const struct opt_group groups[] = {
	{"Common", netcat_common_opts, 0},
	{"Netcat", opts, 0},
	{"Families", netcat_family_opts, 0},
	{"Lines", netcat_line_opts, 0},
	{"Pauses", netcat_interval_opts, 0},
	{"Original", netcat_original_opts, 0},
	{"Ncat", ncat_opts, 0},
	{"Long", netcat_long_opts, 0},
	{0},
};

static const char *const examples[] = {
	"sockctl nc -zv example.org 80",
	"sockctl nc --explain -lk 8080",
	"sockctl nc --dialect busybox --explain -ll -p 8080 -e cat",
	NULL,
};

const struct cmd cmd_nc = {
	.name = "nc",
	.summary = "Take the command line of nc and do what it says",
	.operands = "[HOST] PORT",
	.min_operands = 0,
	.max_operands = -1,
	.words = "host|unix service",
	.config_size = sizeof(struct netcat_config),
	.groups = groups,
	.examples = examples,
	.translate = translate_netcat,
	.program = &netcat_openbsd,
	.status_of = netcat_status,
};

const struct netcat_dialect netcat_openbsd = {
	.name = "openbsd",
	.cmd = &cmd_nc,
	.wait_is_idle = true,
	.connects_in_turn = true,
	.voice = &voice_openbsd,
};
