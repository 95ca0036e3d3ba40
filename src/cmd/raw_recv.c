// SPDX-License-Identifier: ISC
// sockctl raw-recv: IP packets to standard output. See sockctl-raw-recv(1).
#include "datagram/recv.h"

static const struct opt raw_opts[] = {
	{"header", 0, OPT_FLAG, OPT_AT(struct recv_config, header, bool), "",
		"include the IPv4 header in the output", .is_everyday = true},
	{""},
};

static const struct opt_group groups[] = {
	{"Output", recv_output_opts, 0},
	{"Packets", raw_opts, 0},
	{"Receiving", recv_opts, 0},
	{"Datagrams", datagram_opts, offsetof(struct recv_config, datagram)},
	SOCKOPT_GROUP(recv_config, sockopt),
	CONFINE_GROUP(recv_config, confine),
	COMMON_GROUP,
	{0},
};

static const struct recv_config defaults = RECV_DEFAULTS;

static const char *const examples[] = {
	"sockctl raw-recv icmp",
	"sockctl raw-recv --json --count 1 ::1 ipv6-icmp",
	NULL,
};

static int check(void *config, int argc, char **argv, struct str *err)
{
	struct recv_config *c = config;
	int r = datagram_check(&c->datagram, MSG_SEND_ANSWER, err);

	return r < 0 ? r : endpoint_parse_host(&c->endpoint, argc > 1 ? argv[0] : NULL, err);
}

static int run(struct app *app, void *config, int argc, char **argv)
{
	int protocol;
	int status = datagram_protocol(app, argv[argc - 1], &protocol);

	return status ? status : recv_run(app, config, SOCK_RAW, protocol);
}

const struct cmd cmd_raw_recv = {
	.name = "raw-recv",
	.summary = "Receive IP packets and print their data",
	.operands = "[HOST] PROTOCOL",
	.words = "address|protocol protocol",
	.min_operands = 1,
	.max_operands = 2,
	.config_size = sizeof(struct recv_config),
	.defaults = &defaults,
	.groups = groups,
	.examples = examples,
	.check = check,
	.fini = recv_fini,
	.run = run,
};
