// SPDX-License-Identifier: ISC
// sockctl listen: connections from others joined to stdin and stdout. See sockctl-listen(1).
#include "base/value.h"
#include "opts/ends/seqpacket.h"
#include "session/serve.h"
#include "net/activation.h"
#include "net/addr/interfaces.h"

#include <errno.h>
#include <sys/socket.h>

#define DAY_MS (24 * 3600 * 1000ull)
#define PEER_IDLE_MS 60000 // until a peer that sends datagrams is forgotten
#define AT(field, type) OPT_AT(struct listen_config, field, type)

static const struct opt listen_opts[] = {
	{"ipv4", '4', OPT_FLAG, AT(ipv4, bool), "", "use IPv4 only", .is_everyday = true},
	{"ipv6", '6', OPT_FLAG, AT(ipv6, bool), "", "use IPv6 only", .is_everyday = true,
		.not_with = "ipv4"},
	{"numeric", 'n', OPT_FLAG, AT(numeric, bool), "",
		"do not look up host names; accept addresses only"},
	{"interface", 0, OPT_STRING, AT(interface, const char *), "NAME",
		"listen on this network interface only", .words = "interface",
		.sets = "SO_BINDTODEVICE SO_BINDTOIFINDEX"},
	ALSO_OPTION(AT(also.words, struct strlist)),
	{"keep-open", 'k', OPT_FLAG, AT(keep_open, bool), "",
		"keep listening; serve many connections, also at once", .is_everyday = true,
		.not_with = "raw-tty escape"},
	{"count", 0, OPT_UINT, AT(count, uint64_t), "N", "exit after N connections", .min = 1,
		.max = UINT64_MAX, .not_with = "raw-tty escape"},
	{"pieces", 0, OPT_UINT, AT(stream.calls.count.pieces, uint64_t), "N",
		"end a connection after N pieces that have come: what one call brings", .min = 1,
		.max = UINT64_MAX, .not_with = "program forwarding room joined-datagrams"},
	{"max-per-address", 0, OPT_UINT, AT(max_per_address, uint64_t), "N",
		"maximum concurrent connections per client address; others are refused", .min = 1,
		.max = 1000000},
	USER_OPTION(AT(user.name, const char *)),
	{"handshake-timeout", 0, OPT_DURATION, AT(handshake_ms, uint64_t), "TIME",
		"refuse a client whose TLS or PROXY header has not arrived after TIME (10s)",
		.min = 1, .max = 365 * DAY_MS, .only_with = "accept-proxy tls"},
	{""},
};

static const struct opt serve_opts[] = {
	{"forward", 0, OPT_STRING, AT(forward, const char *), "ENDPOINT",
		"relay each connection to ENDPOINT, such as example.org:80",
		.words = "host|unix|seqpacket", .is_everyday = true, .mode = "forwarding",
		.not_with = "room raw-tty escape forward"},
	{"broker", 0, OPT_FLAG, AT(broker, bool), "", "send the data of each client to all others",
		.is_everyday = true, .mode = "room", .not_with = "raw-tty escape"},
	{"chat", 0, OPT_FLAG, AT(chat, bool), "",
		"the same for lines with the names of their senders; also write them to stdout",
		.mode = "room", .not_with = "raw-tty escape broker"},
	{"expose", 0, OPT_FLAG, AT(expose, bool), "",
		"allow clients from other hosts to use the program", .only_with = "program"},
	{"connect-timeout", 0, OPT_DURATION, AT(connect_timeout_ms, uint64_t), "TIME",
		"maximum time to connect to ENDPOINT", .min = 1, .max = 365 * DAY_MS,
		.only_with = "forward"},
	{""},
};

static const struct opt_group groups[] = {
	{"Listening", listen_opts, 0},
	LISTENING_GROUP(listen_config, listening),
	MPTCP_GROUP(listen_config, mptcp),
	ACCEPT_PROXY_GROUP(listen_config, accept_proxy),
	TLS_SERVER_GROUP(listen_config, tls),
	PROGRAM_GROUP(listen_config, program),
	{"Serving", serve_opts, 0},
	PROXY_GROUP(listen_config, proxy),
	{"Datagrams", udp_listen_opts, offsetof(struct listen_config, udp)},
	SEND_PROXY_GROUP(listen_config, send_proxy),
	{"Transfer", stream_opts, offsetof(struct listen_config, stream)},
	{"Recording", record_opts, offsetof(struct listen_config, stream.record)},
	{"Calls", stream_calls_opts, offsetof(struct listen_config, stream.calls)},
	CONSOLE_GROUP(listen_config, console),
	SOCKOPT_GROUP(listen_config, sockopt),
	CONFINE_GROUP(listen_config, confine),
	COMMON_GROUP,
	{0},
};

static const struct listen_config defaults = {
	.listening = LISTENING_DEFAULTS, .tls = TLS_SERVER_DEFAULTS, .stream = STREAM_DEFAULTS};

static const char *const examples[] = {
	"sockctl listen 8080 > request",
	"sockctl listen -k localhost:8080 < page",
	"sockctl listen -k localhost:5432 --forward unix:/run/postgresql/.s.PGSQL.5432",
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
	else if (c->program.file.count)
		str_add(err, "expected [HOST] PORT before --exec-file, which all words after it "
			     "belong to");
	else
		str_add(err, "expected [HOST] PORT; 'sockctl listen --help' explains");
	return -EINVAL;
}

// What each connection is joined to.
static int check_target(struct listen_config *c, struct str *err)
{
	char *words[] = {NULL, NULL};
	struct str why = {0};
	int r = 0;

	if (c->forward) {
		words[0] = (char *)udp_take_prefix(&c->udp, c->forward, &c->is_target_udp);
		r = endpoint_parse(&c->target, c->is_target_udp ? ENDPOINT_PLAIN : ENDPOINT_CONNECT,
			1, words, &why);
	}
	c->proxy.is_for_datagrams = c->is_target_udp;
	if (r == 0 && c->is_target_udp &&
		(c->send_proxy.version || c->proxy.proxies.count || c->tls.forward.starttls >= 0))
		r = bad_word(&why, c->forward,
			"gets datagrams, which no proxy, header or TLS stands before");
	if (r == 0 && c->is_target_udp && c->stream.limit_rate)
		r = bad_word(&why, c->forward, "gets datagrams, which --limit-rate is not for");
	if (r == 0 && c->target.kind == ENDPOINT_FD && (c->keep_open || c->count > 1))
		r = bad_word(&why, c->forward, "is one connection and cannot serve many");
	if (r < 0)
		str_addf(err, "--forward: %s", str_c(&why));
	str_fini(&why);
	return r;
}

// One peer is served, or with --keep-open each that sends, until it has been silent for a while.
static void adjust_to_datagrams(struct listen_config *c)
{
	if (!c->udp.is_wanted)
		return;
	if (c->keep_open && !c->stream.idle_ms)
		c->stream.idle_ms = PEER_IDLE_MS;
	if (c->keep_open || !c->count)
		return;
	c->datagram_count = c->count;
	c->count = 0;
}

// The last of the datagrams that are counted is the end of the peer, and that of the command; but a
// program or an endpoint is told of it, and may have something to say then. No user may ask for the
// end of a peer that has none, so this follows the check.
static void end_with_count(struct listen_config *c)
{
	if (c->datagram_count && !program_is_wanted(&c->program) && !c->forward)
		c->stream.until = c->stream.until == UNTIL_BOTH ? UNTIL_PEER : UNTIL_IDLE_OR_PEER;
}

static int check_seqpacket(const struct listen_config *c, struct str *err)
{
	const struct seqpacket_option options[] = {
		{"--tls", c->tls.tls},
		{"--accept-proxy", c->accept_proxy.accept},
		{"--chat", c->chat},
		{"--broker", c->broker},
		{"--keep-open without --forward", (c->keep_open || c->count > 1) && !c->forward},
		{"--telnet", c->stream.telnet},
		{"--limit-rate", c->stream.limit_rate > 0},
		{"--recv-exactly", c->stream.calls.recv_exactly > 0},
	};
	const struct seqpacket_option target_options[] = {
		{"--starttls", tls_is_wanted(&c->tls.forward, &c->target)},
		{"--proxy", c->proxy.proxies.count > 0},
		{"--send-proxy", c->send_proxy.version != NULL},
		{"--limit-rate", c->stream.limit_rate > 0},
	};
	int r = seqpacket_check(&c->endpoint, options, ARRAY_SIZE(options), err);

	return r < 0 ? r
		     : seqpacket_check(&c->target, target_options, ARRAY_SIZE(target_options), err);
}

static int check(void *config, int argc, char **argv, struct str *err)
{
	struct listen_config *c = config;
	int r;

	c->keep_open |= c->broker || c->chat; // they are for many
	adjust_to_datagrams(c);
	if (argc) {
		r = endpoint_parse(&c->endpoint,
			c->udp.is_wanted ? ENDPOINT_LISTEN : ENDPOINT_SERVE, argc, argv, err);
		if (r == 0)
			r = endpoint_check_family(&c->endpoint, c->ipv4, c->ipv6, err);
	} else {
		r = check_activation(c, err);
	}
	if (r == 0 && c->interface)
		r = check_interface_name(c->interface, err);
	if (r == 0)
		r = also_check(&c->also, c->ipv4, c->ipv6, err);
	if (r == 0)
		r = mptcp_check(&c->mptcp, argc ? &c->endpoint : NULL, &c->also, err);
	if (r == 0)
		r = check_target(c, err);
	if (r == 0)
		r = check_seqpacket(c, err);
	if (r == 0)
		r = user_check(&c->user, err);
	if (r == 0)
		r = tls_server_check(&c->tls, &c->target, err);
	if (r == 0)
		r = proxy_check(&c->proxy, err);
	if (r == 0)
		r = send_proxy_check(&c->send_proxy, &c->target, err);
	if (r == 0)
		r = accept_proxy_check(&c->accept_proxy, err);
	if (r == 0)
		r = console_check(&c->console, err);
	if (r == 0)
		r = stream_check(&c->stream, c->udp.is_wanted, err);
	end_with_count(c);
	if (r == 0)
		r = stream_calls_check(&c->stream.calls, &c->sockopt.set,
			program_is_wanted(&c->program),
			c->tls.tls || tls_is_wanted(&c->tls.forward, &c->target), err);
	if (r == 0)
		r = program_check(&c->program, &c->confine, err);
	return r < 0 ? r
		     : listening_check(&c->listening, argc ? &c->endpoint : NULL, &c->also, err);
}

static void fini_config(void *config)
{
	struct listen_config *c = config;

	listening_fini(&c->listening);
	also_fini(&c->also);
	proxy_config_fini(&c->proxy);
	send_proxy_fini(&c->send_proxy);
	accept_proxy_fini(&c->accept_proxy);
	endpoint_fini(&c->endpoint);
	endpoint_fini(&c->target);
}

static const struct serve_mode *mode_of(const struct listen_config *c)
{
	if (program_is_wanted(&c->program))
		return &serve_exec;
	if (c->forward)
		return &serve_forward;
	if (c->broker || c->chat)
		return &serve_broker;
	return c->keep_open || c->count > 1 ? &serve_many : &serve_one;
}

static int run(struct app *app, void *config, int argc, char **argv)
{
	struct listen_config *c = config;
	struct server s;

	(void)argc;
	(void)argv;
	if (send_proxy_load(app, &c->send_proxy) || record_open(app, &c->stream.record)) {
		record_close(&c->stream.record);
		return app->status;
	}
	if (server_init(&s, app, c, mode_of(c)) == 0 && server_open(&s) == 0)
		app_run(app);
	server_fini(&s);
	record_close(&c->stream.record);
	return app->status;
}

const struct cmd cmd_listen = {
	.name = "listen",
	.summary = "Accept connections, write received data to stdout and send stdin",
	.operands = "[HOST] PORT",
	.min_operands = 0,
	.max_operands = 2,
	.words = "=localhost|address|service|file service",
	.config_size = sizeof(struct listen_config),
	.defaults = &defaults,
	.groups = groups,
	.examples = examples,
	.check = check,
	.fini = fini_config,
	.run = run,
};
