// SPDX-License-Identifier: ISC
// sockctl listen: connections from others joined to stdin and stdout. See sockctl-listen(1).
#include "cmd/serve.h"
#include "net/activation.h"

#include <errno.h>
#include <sys/socket.h>

#define AT(field, type) OPT_AT(struct listen_config, field, type)

static const struct opt listen_opts[] = {
	{"ipv4", '4', OPT_FLAG, AT(ipv4, bool), NULL, "use IPv4 only"},
	{"ipv6", '6', OPT_FLAG, AT(ipv6, bool), NULL, "use IPv6 only"},
	{"numeric", 'n', OPT_FLAG, AT(numeric, bool), NULL, "never look up a host name"},
	{"interface", 0, OPT_STRING, AT(interface, const char *), "NAME",
		"listen on this network interface only", .words = "interface"},
	{"keep-open", 'k', OPT_FLAG, AT(keep_open, bool), NULL,
		"serve one connection after the other, and many at once"},
	{"count", 0, OPT_UINT, AT(count, uint64_t), "N", "end after N connections", .min = 1,
		.max = UINT64_MAX},
	{"max-per-address", 0, OPT_UINT, AT(max_per_address, uint64_t), "N",
		"serve no more than N of one address at once; others are refused", .min = 1,
		.max = 1000000},
	{0},
};

static const struct opt_group groups[] = {
	{"Listening", listen_opts, 0},
	LISTENING_GROUP(listen_config, listening),
	{"Transfer", stream_opts, offsetof(struct listen_config, stream)},
	SOCKOPT_GROUP(listen_config, sockopt),
	COMMON_GROUP,
	{0},
};

static const struct listen_config defaults = {.listening = LISTENING_DEFAULTS};

static const char *const conflicts[][2] = {
	{"ipv4", "ipv6"},
	{"quiet", "verbose"},
	{NULL, NULL},
};

static const char *const examples[] = {
	"sockctl listen 8080 > request",
	"sockctl listen -k localhost:8080 < page",
	"sockctl listen unix:/run/service.sock --mode 0660",
	NULL,
};

// Without operands it listens on what the service manager has opened for it.
static int check_activation(struct listen_config *c, struct str *err)
{
	c->activated = activation_count();
	if (c->activated > 0)
		return 0;
	if (c->activated < 0)
		str_add(err, "LISTEN_FDS in the environment is no number of descriptors");
	else
		str_add(err, "expected [HOST] PORT; 'sockctl listen --help' explains");
	return -EINVAL;
}

static int check(void *config, int argc, char **argv, struct str *err)
{
	struct listen_config *c = config;
	int r;

	if (argc) {
		r = place_parse(&c->place, PLACE_LISTEN, argc, argv, err);
		if (r == 0)
			r = place_check_family(&c->place, c->ipv4, c->ipv6, err);
	} else {
		r = check_activation(c, err);
	}
	return r < 0 ? r : listening_check(&c->listening, argc ? &c->place : NULL, err);
}

static void fini_config(void *config)
{
	struct listen_config *c = config;

	listening_fini(&c->listening);
	place_fini(&c->place);
}

static const struct serve_mode *mode_of(const struct listen_config *c)
{
	return c->keep_open || c->count > 1 ? &serve_many : &serve_one;
}

static int run(struct app *app, void *config, int argc, char **argv)
{
	struct listen_config *c = config;
	struct server s;

	(void)argc;
	(void)argv;
	if (server_init(&s, app, c, mode_of(c)) == 0 && server_open(&s) == 0)
		app_run(app);
	server_fini(&s);
	return app->status;
}

const struct cmd cmd_listen = {
	.name = "listen",
	.summary = "Wait for connections and join them to stdin and stdout",
	.operands = "[HOST] PORT",
	.min_operands = 0,
	.max_operands = 2,
	.words = "host",
	.config_size = sizeof(struct listen_config),
	.defaults = &defaults,
	.groups = groups,
	.conflicts = conflicts,
	.examples = examples,
	.check = check,
	.fini = fini_config,
	.run = run,
};
