// SPDX-License-Identifier: ISC
// sockctl connect: a connection joined to stdin and stdout, or to a program. See
// sockctl-connect(1).
#include "app.h"
#include "session/check.h"
#include "session/check_dial.h"
#include "opts/approach.h"
#include "opts/connecting.h"
#include "opts/count.h"
#include "opts/given.h"
#include "opts/ends/mptcp.h"
#include "opts/ends/seqpacket.h"
#include "opts/pass_fd.h"
#include "opts/proxy_header.h"
#include "opts/confine.h"
#include "session/connection.h"
#include "session/console.h"
#include "session/exec.h"
#include "session/forward/second.h"
#include "opts/socket_options.h"
#include "opts/tls/tls.h"
#include "opts/udp.h"
#include "session/stream.h"
#include "session/tls_setup.h"

#include <sys/socket.h>

struct connect_config {
	struct common_config common;
	struct connecting_config client;
	struct proxy_config proxy;
	struct check_config check;
	struct pass_fd_config pass_fd;
	struct program_config program;
	struct stream_config stream;
	struct console_config console;
	struct sockopt_config sockopt;
	struct confine_config confine;
	struct send_proxy_config send_proxy;
	struct tls_config tls;
	struct udp_config udp;
	struct second_config second;
	struct mptcp_config mptcp;
	struct endpoint endpoint;
};

static const struct opt_group groups[] = {
	{"Connecting", connecting_opts, offsetof(struct connect_config, client)},
	TLS_GROUP(connect_config, tls),
	PROXY_GROUP(connect_config, proxy),
	{"Datagrams", udp_connect_opts, offsetof(struct connect_config, udp)},
	SEND_PROXY_GROUP(connect_config, send_proxy),
	{"Checking ports", check_opts, offsetof(struct connect_config, check), "check"},
	PROGRAM_GROUP(connect_config, program),
	SECOND_GROUP(connect_config, second),
	MPTCP_GROUP(connect_config, mptcp),
	PASS_FD_GROUP(connect_config, pass_fd),
	{"Transfer", stream_opts, offsetof(struct connect_config, stream),
		.not_with = "check pass-fd"},
	{"Recording", record_opts, offsetof(struct connect_config, stream.record),
		.not_with = "check pass-fd"},
	COUNT_GROUP(connect_config, stream.calls.count),
	CONSOLE_GROUP(connect_config, console),
	{"Calls", stream_calls_opts, offsetof(struct connect_config, stream.calls),
		.not_with = "check pass-fd"},
	SOCKOPT_GROUP(connect_config, sockopt),
	CONFINE_GROUP(connect_config, confine),
	COMMON_GROUP,
	{0},
};

static const struct connect_config defaults = {.client = CONNECTING_DEFAULTS,
	.tls = TLS_DEFAULTS,
	.stream = STREAM_DEFAULTS,
	.udp = UDP_DEFAULTS};

static const char *const examples[] = {
	"sockctl connect example.org 80",
	"sockctl connect [2001:db8:1::2]:80 --timeout 10 < query > answer",
	"sockctl connect --check --retry --timeout 1m db.example.org 5432",
	NULL,
};

// One run of the command.
struct connect {
	struct app *app;
	const struct connect_config *config;
	struct stream_files files;
	struct sockopt_settings settings;
	struct proxying proxying;
	struct dial *dial;
	struct connection connection;
	struct channel *channel; // until the session has taken it over
	struct channel local;
	struct stream stream;
	struct console console;
	bool is_streaming;

	struct tls_setup tls;
	struct approach approach;
	struct pass_fd passing; // with --pass-fd, instead of the streams
	struct given given; // that was connected by others

	// With --exec, instead of these.
	struct program program;
	struct children children;
	struct exec exec;
	bool is_running;

	struct second second; // with --forward
	struct dial_options options;
};

static int check_seqpacket(const struct connect_config *c, struct str *err)
{
	const struct seqpacket_option options[] = {
		{"--tls", tls_is_wanted(&c->tls, &c->endpoint)},
		{"--proxy", c->proxy.proxies.count > 0},
		{"--send-proxy", c->send_proxy.version != NULL},
		{"--telnet", c->stream.telnet},
		{"--limit-rate", c->stream.limit_rate > 0},
		{"--recv-exactly", c->stream.calls.recv_exactly > 0},
	};

	return seqpacket_check(&c->endpoint, options, ARRAY_SIZE(options), err);
}

static int check(void *config, int argc, char **argv, struct str *err)
{
	struct connect_config *c = config;
	int r = connecting_check(&c->client, err);

	if (r == 0)
		r = proxy_check(&c->proxy, err);
	if (r == 0)
		r = endpoint_parse(&c->endpoint,
			c->check.check ? ENDPOINT_CHECK : udp_target(&c->udp), argc, argv, err);
	if (r == 0)
		r = endpoint_check_family(&c->endpoint, c->client.ipv4, c->client.ipv6, err);
	if (r == 0)
		r = tls_config_check(&c->tls, &c->endpoint, err);
	if (r == 0)
		r = check_parse(&c->check, &c->endpoint, err);
	if (r == 0)
		r = check_seqpacket(c, err);
	c->check.progress = c->stream.progress;
	c->proxy.is_for_datagrams = c->udp.is_wanted;
	if (r == 0)
		r = send_proxy_check(&c->send_proxy, &c->endpoint, err);
	if (r == 0)
		r = pass_fd_check(&c->pass_fd, &c->endpoint, err);
	if (r == 0)
		r = mptcp_check(&c->mptcp, &c->endpoint, NULL, err);
	if (r == 0)
		r = second_check(&c->second, c->client.ipv4, c->client.ipv6, err);
	if (r == 0)
		r = console_check(&c->console, err);
	if (r == 0)
		r = stream_check(&c->stream, c->udp.is_wanted, err);
	if (r == 0)
		r = stream_calls_check(&c->stream.calls, &c->sockopt.set,
			program_is_wanted(&c->program), tls_is_wanted(&c->tls, &c->endpoint), err);
	if (r == 0)
		r = program_check(&c->program, &c->confine, err);
	return r;
}

static void fini_config(void *config)
{
	struct connect_config *c = config;

	check_fini(&c->check);
	proxy_config_fini(&c->proxy);
	send_proxy_fini(&c->send_proxy);
	second_fini_config(&c->second);
	endpoint_fini(&c->endpoint);
}

static void on_stop(void *arg, int signal, struct str *doing)
{
	struct connect *c = arg;

	if (c->is_streaming) {
		stream_stop(&c->stream, signal);
		stream_report_totals(&c->stream);
		stream_add_doing(&c->stream, doing);
	} else if (c->is_running) {
		exec_report_totals(&c->exec);
		exec_add_doing(&c->exec, doing);
	} else if (second_has_begun(&c->second)) {
		second_report_totals(&c->second);
		second_add_doing(&c->second, doing);
	} else if (c->dial) {
		connecting_add_doing(c->dial, doing);
	}
}

static void end(void *data, int status)
{
	struct connect *c = data;

	if (status)
		app_fail_quietly(c->app, status);
	app_stop(c->app);
}

static void on_stream_done(struct stream *s, int status)
{
	struct connect *c = s->data;

	end(c, console_judge(&c->console, status));
}

static int prepare(void *data, int fd)
{
	struct connect *c = data;

	return sockopt_settings_prepare(&c->settings, fd);
}

// There is a connection: sets the options that need one, says the values that were asked for.
static int complete(struct connect *c, int fd)
{
	int r = sockopt_settings_complete(&c->settings, fd);

	if (r < 0)
		return sockopt_fail(c->app, c->config->endpoint.name, &c->settings, r);
	sockopt_config_report(c->app, &c->config->sockopt, fd);
	return stream_files_begin(&c->files, c->app);
}

static void on_session_done(struct exec *s, int status)
{
	end(s->data, status);
}

static bool sets_linger(const struct connect *c)
{
	return sockopt_settings_has(&c->settings, SOL_SOCKET, SO_LINGER);
}

static int start_program(struct connect *c)
{
	const struct exec_options options = {
		.children = &c->children,
		.connection = &c->connection,
		.config = &c->config->stream,
		.program = &c->program,
		.channel = c->channel,
		.is_only = true,
		.sets_linger = sets_linger(c),
		.done = on_session_done,
		.data = c,
	};
	int r = exec_start(&c->exec, &options);

	if (r < 0)
		return r;
	c->channel = NULL;
	c->is_running = true;
	return 0;
}

static int start_stream(struct connect *c)
{
	const struct stream_options options = {
		.connection = &c->connection,
		.config = &c->config->stream,
		.files = &c->files,
		.peer = c->channel,
		.local = &c->local,
		.shutdown_delay_ms = proxying_shutdown_delay(&c->proxying, c->tls.context),
		.asks = !c->config->udp.is_wanted,
		.sets_linger = sets_linger(c),
		.done = on_stream_done,
		.data = c,
	};
	// Somebody at a terminal can suspend it.
	unsigned needs = SANDBOX_SUSPEND | udp_sandbox_needs(c->channel);
	const struct sandbox sandbox = {.needs = needs | stream_sandbox_needs(&c->config->stream)};
	int r;

	r = stream_init(&c->stream, &options);
	if (r < 0)
		return r;
	c->channel = NULL;
	c->is_streaming = true;
	r = console_init(&c->console, &c->config->console, &c->stream);
	if (r < 0)
		return r;
	if (confine(c->app, &c->config->confine, &sandbox))
		app_stop(c->app);
	else
		stream_start(&c->stream);
	return 0;
}

static int start_second(struct connect *c)
{
	const struct second_options options = {
		.connection = &c->connection,
		.config = &c->config->second,
		.stream = &c->config->stream,
		.confine = &c->config->confine,
		.dial = &c->options,
		.channel = c->channel,
		.shutdown_delay_ms = proxying_shutdown_delay(&c->proxying, c->tls.context),
		.sets_linger = sets_linger(c),
		.done = end,
		.data = c,
	};
	int status = second_start(&c->second, &options);

	c->channel = NULL;
	if (status)
		end(c, status);
	return 0;
}

// Joins the connected socket to its party, or ends the run.
static void join(struct connect *c)
{
	struct app *app = c->app;
	int r, fd = channel_socket(c->channel);

	if (c->dial)
		connection_init_dialled(&c->connection, app, 1, c->dial);
	else
		connection_init_of(&c->connection, app, fd);
	if (proxying_is_wanted(&c->proxying))
		connection_set_proxying(&c->connection, &c->proxying, &c->config->endpoint);
	if (complete(c, fd)) {
		app_stop(app);
		return;
	}
	c->connection.wants_paths = c->config->mptcp.is_wanted;
	connection_report_connected(&c->connection, fd);
	tls_setup_report(&c->tls, c->connection.number, c->channel);
	udp_begin(&c->config->udp, c->channel);
	connection_follow(&c->connection, c->channel, c->dial, &c->settings);
	if (c->config->pass_fd.is_wanted) {
		pass_fd_start(&c->passing, app, channel_release(c->channel));
		c->channel = NULL;
		return;
	}
	r = c->config->second.forward                ? start_second(c)
	    : program_is_wanted(&c->config->program) ? start_program(c)
						     : start_stream(c);
	if (r == 0)
		return;
	app_fail(app, STATUS_LOCAL, c->config->endpoint.name, r);
	app_stop(app);
}

static void on_dialled(struct dial *d)
{
	struct connect *c = d->data;

	if (d->last.failure == DIAL_OK) {
		c->channel = dial_take(d);
		proxying_report(&c->proxying);
		join(c);
		return;
	}
	if (c->settings.failed)
		sockopt_fail(c->app, c->config->endpoint.name, &c->settings, d->last.error);
	else
		connecting_report(c->app, d->endpoint, &d->options, &d->last);
	app_stop(c->app);
}

static void on_progress(
	struct dial *d, enum dial_progress progress, const struct dial_attempt *attempt)
{
	struct connect *c = d->data;

	connecting_report_progress(c->app, d, progress, attempt);
}

static void on_given(void *data, struct channel *channel)
{
	struct connect *c = data;

	c->channel = channel;
	join(c);
}

static int use_descriptor(struct connect *c)
{
	const struct given_options options = {
		.endpoint = &c->config->endpoint,
		.settings = &c->settings,
		.upgrades = c->options.upgrades,
		.upgrade_count = c->options.upgrade_count,
		.udp = &c->config->udp,
		.timeout_ms = c->config->client.connect_timeout_ms,
		.done = on_given,
		.data = c,
	};

	return given_start(&c->given, c->app, &options);
}

// Prepares what the connection is joined to. Returns 0, or the status after a message.
static int init_local(struct connect *c)
{
	if (program_is_wanted(&c->config->program))
		return exec_prepare(c->app, &c->config->program, &c->program, &c->children);
	if (c->config->second.forward)
		return second_prepare(c->app, &c->config->second);
	if (!c->config->check.check && !c->config->pass_fd.is_wanted)
		return stream_files_join(&c->files, c->app, &c->local);
	return 0;
}

static void fini(struct connect *c)
{
	second_fini(&c->second);
	dial_destroy(c->dial);
	given_fini(&c->given);
	channel_destroy(c->channel);
	pass_fd_fini(&c->passing);
	console_fini(&c->console);
	if (c->is_streaming)
		stream_fini(&c->stream);
	channel_fini(&c->local);
	if (c->is_running)
		exec_fini(&c->exec);
	children_fini(&c->children);
	program_fini(&c->program);
	connection_fini(&c->connection);
	sockopt_settings_fini(&c->settings);
	tls_setup_fini(&c->tls); // contexts go after the channels that stand on them
	proxying_fini(&c->proxying);
}

static void run_check(struct connect *c)
{
	const struct connect_config *config = c->config;
	const struct check_dial_options options = {.check = &config->check,
		.tls = &config->tls,
		.endpoint = &config->endpoint,
		.dial = &c->options,
		.proxying = &c->proxying,
		.plan = &c->tls.plan,
		.confine = &config->confine,
		.settings = &c->settings};

	check_ports(c->app, &options);
}

static int run(struct app *app, void *config, int argc, char **argv)
{
	struct connect_config *config_ = config;
	struct connect c = {.app = app, .config = config_};
	int status = send_proxy_load(app, &config_->send_proxy) ||
		     sockopt_config_parse(app, &config_->sockopt, &c.settings) ||
		     record_open(app, &config_->stream.record);

	(void)argc;
	(void)argv;
	if (status || !app_loop(app))
		goto out;
	app_set_deadline(app, config_->stream.timeout_ms);
	if (stream_files_open(&c.files, app, config_->stream.input, config_->stream.output) ||
		console_check_input(app, &config_->console, &c.files) || init_local(&c))
		goto out;
	app->on_stop = on_stop;
	app->stop_arg = &c;
	connecting_options(&config_->client, &c.options);
	c.options.socket.protocol = mptcp_protocol(&config_->mptcp);
	c.options.socket.prepare = prepare;
	c.options.socket.prepare_data = &c;
	udp_plan(config_->udp.is_wanted, &c.options);
	if (tls_setup_init(&c.tls, app, &config_->tls, &config_->endpoint, config_->check.check,
		    config_->check.check))
		goto out;
	if (proxying_init(&c.proxying, app, &config_->proxy, &config_->endpoint,
		    config_->client.numeric, config_->check.check) ||
		stream_calls_check_proxying(&config_->stream.calls, &c.proxying) ||
		pass_fd_check_proxying(&config_->pass_fd, &c.proxying))
		goto out;
	if (config_->check.check) {
		run_check(&c);
		goto out;
	}
	c.approach = (struct approach){.header = config_->send_proxy.header, .tls = c.tls.plan};
	approach_plan(&c.approach, config_->send_proxy.version, &c.proxying, &config_->endpoint,
		&c.options);
	if (config_->endpoint.kind == ENDPOINT_FD)
		status = use_descriptor(&c);
	else
		c.dial = dial_create(&app->loop, proxying_endpoint(&c.proxying), &c.options,
			on_dialled, on_progress, &c);
	if (!status)
		app_run(app);
out:
	fini(&c);
	record_close(&config_->stream.record);
	return app->status;
}

const struct cmd cmd_connect = {
	.name = "connect",
	.summary = "Connect, send stdin and write received data to stdout",
	.operands = "HOST PORT",
	.min_operands = 1,
	.max_operands = 2,
	.words = "host|unix|seqpacket service",
	.config_size = sizeof(struct connect_config),
	.defaults = &defaults,
	.groups = groups,
	.examples = examples,
	.check = check,
	.fini = fini_config,
	.run = run,
};
