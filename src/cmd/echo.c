// SPDX-License-Identifier: ISC
// sockctl echo: a server that sends everything back, and a client that measures one. See
// sockctl-echo(1).
#include "session/echo.h"

#include "base/value.h"
#include "net/addr/interfaces.h"
#include "net/echo/client.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#define DAY_MS (24 * 3600 * 1000ull)
#define NOT_GIVEN UINT64_MAX
#define INTERVAL_MS 1000
#define SIZE 64
#define MAX_STREAM (16 << 20)
#define MAX_DATAGRAM 65507 // UDP over IPv4
#define AT(field, type) OPT_AT(struct echo_config, field, type)

static const struct opt echo_opts[] = {
	{"client", 0, OPT_FLAG, AT(is_client, bool), "",
		"act as client: send WORD, or measure round-trip times", .is_everyday = true},
	{"tcp", 0, OPT_FLAG, AT(tcp, bool), "", "use TCP only (the client's default)"},
	{"udp", 0, OPT_FLAG, AT(udp, bool), "", "use UDP only", .is_everyday = true,
		.mode = "datagrams", .not_with = "reconnect"},
	{""},
};

static const struct opt serve_opts[] = {
	{"threads", 0, OPT_UINT, AT(threads, uint64_t), "N",
		"number of threads, each with its own sockets (1)", .min = 1, .max = 1024},
	{"idle-timeout", 0, OPT_DURATION, AT(idle_ms, uint64_t), "TIME",
		"close a connection after TIME without data", .min = 1, .max = 365 * DAY_MS},
	{""},
};

static const struct opt measure_opts[] = {
	{"count", 'c', OPT_UINT, AT(count, uint64_t), "N", "exit after N requests", .min = 1,
		.max = UINT64_MAX, .is_everyday = true},
	{"interval", 'i', OPT_DURATION, AT(interval_ms, uint64_t), "TIME",
		"time between requests on each connection (1s); 0 sends the next with each reply",
		.max = DAY_MS, .is_everyday = true},
	{"size", 0, OPT_SIZE, AT(size, uint64_t), "SIZE", "size of each request (64)",
		.max = MAX_STREAM, .is_everyday = true},
	{"connections", 0, OPT_UINT, AT(connections, uint64_t), "N",
		"number of concurrent connections (1)", .min = 1, .max = 10000},
	{"pipeline", 0, OPT_UINT, AT(pipeline, uint64_t), "N",
		"maximum outstanding requests per connection (1 with --interval 0)", .min = 1,
		.max = ECHO_CLIENT_PIPELINE, .not_with = "reconnect"},
	{"reconnect", 0, OPT_FLAG, AT(reconnect, bool), "",
		"open a new connection for each request"},
	{"duration", 0, OPT_DURATION, AT(duration_ms, uint64_t), "TIME", "exit after TIME",
		.min = 1, .max = 365 * DAY_MS},
	{"wait", 'W', OPT_DURATION, AT(wait_ms, uint64_t), "TIME",
		"maximum time to wait for a reply (2s)", .min = 1, .max = DAY_MS},
	{"timeout", 'w', OPT_DURATION, AT(timeout_ms, uint64_t), "TIME",
		"maximum time for the whole operation", .min = 1, .max = 365 * DAY_MS,
		.is_everyday = true},
	{"histogram", 0, OPT_FLAG, AT(histogram, bool), "",
		"print a histogram of the round-trip times"},
	{"progress", 0, OPT_FLAG, AT(progress, bool), "", "show progress"},
	{""},
};

static const struct opt_group groups[] = {
	{"Mode", echo_opts, 0},
	{"Serving", serve_opts, 0, .not_with = "client"},
	LISTENING_GROUP(echo_config, listening),
	{"Measuring", measure_opts, 0, .only_with = "client"},
	SOCKOPT_GROUP(echo_config, sockopt),
	CONFINE_GROUP(echo_config, confine),
	{"Connecting", connecting_opts, offsetof(struct echo_config, client)},
	COMMON_GROUP,
	{0},
};

static const struct echo_config defaults = {
	.client = CONNECTING_DEFAULTS,
	.listening = LISTENING_DEFAULTS,
	.threads = 1,
	.interval_ms = NOT_GIVEN,
	.size = NOT_GIVEN,
	.connections = 1,
	.wait_ms = 2000,
};

static const char *const examples[] = {
	"sockctl echo 7777 --threads 2",
	"sockctl echo --client example.org 7 hello",
	"sockctl echo --client --udp -i 0.1 -c 10 --histogram example.org",
	NULL,
};

static int check_server(struct echo_config *c, int argc, char **argv, struct str *err)
{
	int r;

	if (argc > 2)
		return bad_word(err, argv[2], "is one word too many; a WORD goes with --client");
	r = endpoint_parse(&c->endpoint, ENDPOINT_LISTEN, argc, argv, err);
	if (r == 0)
		r = endpoint_check_family(&c->endpoint, c->client.ipv4, c->client.ipv6, err);
	if (r == 0 && c->endpoint.kind == ENDPOINT_UNIX && c->tcp && c->udp)
		r = bad_word(err, c->endpoint.name,
			"is for streams or for datagrams: give --tcp or --udp, not both");
	if (r == 0 && c->client.interface)
		r = check_interface_name(c->client.interface, err);
	return r < 0 ? r : listening_check(&c->listening, &c->endpoint, NULL, err);
}

// A word is one request, so what is for many makes no sense with it.
static int check_word(struct echo_config *c, struct str *err)
{
	if (c->count || c->interval_ms != NOT_GIVEN || c->size != NOT_GIVEN || c->pipeline ||
		c->connections > 1 || c->reconnect || c->duration_ms || c->histogram)
		return bad_word(err, c->word, "is sent once; the options that measure go without");
	if (!*c->word && !c->udp)
		return bad_word(err, c->word, "is nothing to send");
	if (strlen(c->word) > MAX_DATAGRAM && c->udp)
		return bad_word(err, c->word, "is too long for a datagram");
	c->count = 1;
	c->interval_ms = 0;
	return 0;
}

static int check_measure(struct echo_config *c, struct str *err)
{
	uint64_t most = c->udp && c->endpoint.kind == ENDPOINT_INET ? MAX_DATAGRAM : MAX_STREAM;

	if (c->interval_ms == NOT_GIVEN)
		c->interval_ms = INTERVAL_MS;
	if (c->size == NOT_GIVEN)
		c->size = SIZE;
	if (c->size > most || (!c->size && !c->udp)) {
		str_addf(err, "--size: %s requests have %d to %" PRIu64 " bytes",
			c->udp ? "datagram" : "stream", !c->udp, most);
		return -EINVAL;
	}
	if (c->endpoint.kind == ENDPOINT_FD && (c->connections > 1 || c->reconnect))
		return bad_word(err, c->endpoint.name, "is one connection");
	return 0;
}

// HOST [PORT] [WORD]
static int check_client(struct echo_config *c, int argc, char **argv, struct str *err)
{
	char *words[] = {argv[0], (char *)"7"};
	int n = endpoint_word_count(argv[0]);
	int r = connecting_check(&c->client, err);

	if (n == 2 && argc > 1)
		words[1] = argv[1];
	if (argc > n + 1)
		return bad_word(
			err, argv[n + 1], "is one word too many; expected HOST [PORT] [WORD]");
	if (r == 0)
		r = endpoint_parse(&c->endpoint, ENDPOINT_PLAIN, n, words, err);
	if (r == 0)
		r = endpoint_check_family(&c->endpoint, c->client.ipv4, c->client.ipv6, err);
	if (r == 0 && c->tcp && c->udp) {
		str_add(err, "--tcp and --udp exclude each other for the client");
		r = -EINVAL;
	}
	if (r < 0)
		return r;
	c->word = argc > n ? argv[n] : NULL;
	return c->word ? check_word(c, err) : check_measure(c, err);
}

static int check(void *config, int argc, char **argv, struct str *err)
{
	struct echo_config *c = config;

	return c->is_client ? check_client(c, argc, argv, err) : check_server(c, argc, argv, err);
}

static void fini_config(void *config)
{
	struct echo_config *c = config;

	listening_fini(&c->listening);
	endpoint_fini(&c->endpoint);
}

static int run(struct app *app, void *config, int argc, char **argv)
{
	struct echo_config *c = config;

	(void)argc;
	(void)argv;
	return c->is_client ? echo_measure(app, c) : echo_serve(app, c);
}

const struct cmd cmd_echo = {
	.name = "echo",
	.summary = "Run an echo server, or measure one",
	.operands = "[HOST] PORT [WORD]",
	.min_operands = 1,
	.max_operands = 3,
	.words = "host|unix service",
	.config_size = sizeof(struct echo_config),
	.defaults = &defaults,
	.groups = groups,
	.examples = examples,
	.check = check,
	.fini = fini_config,
	.run = run,
};
