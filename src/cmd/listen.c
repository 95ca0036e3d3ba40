// SPDX-License-Identifier: ISC
// sockctl listen: connections from others joined to stdin and stdout. See sockctl-listen(1).
#include "base/value.h"
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
	{"max-connections", 'm', OPT_UINT, AT(max_connections, uint64_t), "N",
		"serve no more than N at once; others wait", .min = 1, .max = 1000000},
	{"max-per-address", 0, OPT_UINT, AT(max_per_address, uint64_t), "N",
		"serve no more than N of one address at once; others are refused", .min = 1,
		.max = 1000000},
	{"allow", 0, OPT_LIST, AT(allow, struct strlist), "CIDR",
		"serve this address or range, such as 192.0.2.0/24, and no others; repeat for more",
		.words = "address"},
	{"deny", 0, OPT_LIST, AT(deny, struct strlist), "CIDR",
		"never serve this address or range, even if it is allowed", .words = "address"},
	{"backlog", 0, OPT_UINT, AT(backlog, uint64_t), "N",
		"how many may wait to be accepted (as many as the system allows)", .min = 1,
		.max = INT32_MAX},
	{"mode", 0, OPT_OCTAL, AT(mode, uint64_t), "OCTAL", "the mode of a Unix socket (0600)",
		.max = 0777},
	{0},
};

static const struct opt_group groups[] = {
	{"Listening", listen_opts, 0},
	{"Transfer", stream_opts, offsetof(struct listen_config, stream)},
	SOCKOPT_GROUP(listen_config, sockopt),
	COMMON_GROUP,
	{0},
};

#define MODE_NOT_GIVEN UINT64_MAX

static const struct listen_config defaults = {.backlog = SOMAXCONN, .mode = MODE_NOT_GIVEN};

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

static int check_list(struct access *a, const struct strlist *words, const char *option,
	int (*add)(struct access *, const char *, struct str *), struct str *err)
{
	struct str why = {0};
	int r = 0;

	for (size_t i = 0; i < words->count && r == 0; i++)
		r = add(a, words->items[i], &why);
	if (r < 0)
		str_addf(err, "%s: %s", option, str_c(&why));
	str_fini(&why);
	return r;
}

static int check_access(struct listen_config *c, struct str *err)
{
	int r = check_list(&c->access, &c->allow, "--allow", access_allow, err);

	return r < 0 ? r : check_list(&c->access, &c->deny, "--deny", access_deny, err);
}

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

static int check_mode(struct listen_config *c, struct str *err)
{
	if (c->mode == MODE_NOT_GIVEN)
		c->mode = 0600;
	else if (c->activated)
		return bad_word(err, "--mode", "is for a Unix socket that is made here");
	else if (!place_is_path(&c->place))
		return bad_word(
			err, c->place.name, "has no mode: --mode is for the path of a Unix socket");
	return 0;
}

static int check_place(struct listen_config *c, int argc, char **argv, struct str *err)
{
	int r = place_parse(&c->place, PLACE_LISTEN, argc, argv, err);

	if (r == 0)
		r = place_check_family(&c->place, c->ipv4, c->ipv6, err);
	if (r == 0 && c->place.kind == PLACE_UNIX && (c->allow.count || c->deny.count))
		r = bad_word(err, c->place.name,
			"has no clients with addresses for --allow and --deny; see --mode");
	return r;
}

static int check(void *config, int argc, char **argv, struct str *err)
{
	struct listen_config *c = config;
	int r = check_access(c, err);

	if (r == 0)
		r = argc ? check_place(c, argc, argv, err) : check_activation(c, err);
	return r < 0 ? r : check_mode(c, err);
}

static void fini_config(void *config)
{
	struct listen_config *c = config;

	access_fini(&c->access);
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
