// SPDX-License-Identifier: ISC
// sockctl raw-send: messages or standard input as IP packets. See sockctl-raw-send(1).
#include "datagram/send.h"

static const struct opt raw_opts[] = {
	{"header", 0, OPT_FLAG, OPT_AT(struct send_config, header, bool), "",
		"the input includes the IP header", .sets = "IP_HDRINCL IPV6_HDRINCL",
		.is_everyday = true},
	{""},
};

static const struct opt_group groups[] = {
	{"Input", send_input_opts, 0},
	{"Packets", raw_opts, 0},
	{"Sending", send_opts, 0},
	{"Datagrams", datagram_opts, offsetof(struct send_config, datagram)},
	SOCKOPT_GROUP(send_config, sockopt),
	CONFINE_GROUP(send_config, confine),
	COMMON_GROUP,
	{0},
};

static const struct send_config defaults = SEND_DEFAULTS;

static const char *const examples[] = {
	"sockctl raw-send --hex --wait 1 127.0.0.1 icmp 0800f7fd00010001",
	"sockctl raw-send ::1 253 hello",
	NULL,
};

static int check(void *config, int argc, char **argv, struct str *err)
{
	struct send_config *c = config;
	int r = endpoint_parse_host(&c->endpoint, argv[0], err);

	if (r == 0)
		r = datagram_take_interface(&c->datagram, &c->endpoint, err);
	return r < 0 ? r : send_check(c, argc - 2, argv + 2, err);
}

static int run(struct app *app, void *config, int argc, char **argv)
{
	int protocol;
	int status = datagram_protocol(app, argv[1], &protocol);

	(void)argc;
	return status ? status : send_run(app, config, SOCK_RAW, protocol);
}

const struct cmd cmd_raw_send = {
	.name = "raw-send",
	.summary = "Send IP packets, one for each message or line of stdin",
	.operands = "HOST PROTOCOL [MESSAGE]...",
	.words = "host protocol",
	.min_operands = 2,
	.max_operands = -1,
	.config_size = sizeof(struct send_config),
	.defaults = &defaults,
	.groups = groups,
	.examples = examples,
	.check = check,
	.fini = send_fini,
	.run = run,
};
