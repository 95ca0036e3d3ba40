// SPDX-License-Identifier: ISC
// sockctl udp-recv: datagrams to standard output. See sockctl-udp-recv(1).
#include "datagram/recv.h"

static const struct opt_group groups[] = {
	{"Output", recv_output_opts, 0},
	{"Receiving", recv_opts, 0},
	{"Sockets", recv_socket_opts, 0},
	{"Answering", recv_reply_opts, 0},
	{"Datagrams", datagram_opts, offsetof(struct recv_config, datagram)},
	SOCKOPT_GROUP(recv_config, sockopt),
	CONFINE_GROUP(recv_config, confine),
	COMMON_GROUP,
	{0},
};

static const struct recv_config defaults = RECV_DEFAULTS;

static const char *const examples[] = {
	"sockctl udp-recv 5000",
	"sockctl udp-recv --json --count 1 --timeout 5 localhost:5000",
	"sockctl udp-recv --join 239.1.2.3%eth0 --echo 5000",
	NULL,
};

static int check(void *config, int argc, char **argv, struct str *err)
{
	struct recv_config *c = config;
	int r = datagram_check(&c->datagram, MSG_SEND_ANSWER, err);

	if (r == 0)
		r = recv_check_reply(c, err);
	if (r == 0)
		r = endpoint_parse(&c->endpoint, ENDPOINT_LISTEN, argc, argv, err);
	if (r == 0)
		r = datagram_take_interface(&c->datagram, &c->endpoint, err);
	if (r == 0)
		r = also_check(&c->also, c->datagram.ipv4, c->datagram.ipv6, err);
	if (r == 0)
		r = recv_check_mode(c, err);
	return r < 0 ? r
		     : listening_check_access(
			       &c->access, &c->access_words, &c->endpoint, &c->also, err);
}

static int run(struct app *app, void *config, int argc, char **argv)
{
	(void)argc;
	(void)argv;
	return recv_run(app, config, SOCK_DGRAM, 0);
}

const struct cmd cmd_udp_recv = {
	.name = "udp-recv",
	.summary = "Receive datagrams and print them",
	.operands = "[HOST] PORT",
	.min_operands = 1,
	.max_operands = 2,
	.words = "=localhost|address|service|file service",
	.config_size = sizeof(struct recv_config),
	.defaults = &defaults,
	.groups = groups,
	.examples = examples,
	.check = check,
	.fini = recv_fini,
	.run = run,
};
