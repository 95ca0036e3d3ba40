// SPDX-License-Identifier: ISC
// sockctl udp-send: messages or standard input as datagrams. See sockctl-udp-send(1).
#include "datagram/send.h"

#include "base/util.h"

static const struct opt_group groups[] = {
	{"Input", send_input_opts, 0},
	{"Sending", send_opts, 0},
	{"Ports", send_port_opts, 0},
	{"Datagrams", datagram_opts, offsetof(struct send_config, datagram)},
	SOCKOPT_GROUP(send_config, sockopt),
	CONFINE_GROUP(send_config, confine),
	COMMON_GROUP,
	{0},
};

static const struct send_config defaults = SEND_DEFAULTS;

static const char *const examples[] = {
	"sockctl udp-send localhost 5000 hello",
	"sockctl udp-send --wait 1 239.1.2.3:5000 'who is there?'",
	"sockctl udp-send --block 1200 --rate 10000 [::1]:5000 < file",
	NULL,
};

static int check(void *config, int argc, char **argv, struct str *err)
{
	struct send_config *c = config;
	int words = MIN(endpoint_word_count(argv[0]), argc);
	int r = endpoint_parse(&c->endpoint, ENDPOINT_PLAIN, words, argv, err);

	if (r == 0)
		r = datagram_take_interface(&c->datagram, &c->endpoint, err);
	return r < 0 ? r : send_check(c, argc - words, argv + words, err);
}

static int run(struct app *app, void *config, int argc, char **argv)
{
	(void)argc;
	(void)argv;
	return send_run(app, config, SOCK_DGRAM, 0);
}

const struct cmd cmd_udp_send = {
	.name = "udp-send",
	.summary = "Send datagrams, one for each message or line of stdin",
	.operands = "HOST PORT [MESSAGE]...",
	.min_operands = 1,
	.max_operands = -1,
	.words = "host|unix-datagram service",
	.config_size = sizeof(struct send_config),
	.defaults = &defaults,
	.groups = groups,
	.examples = examples,
	.check = check,
	.fini = send_fini,
	.run = run,
};
