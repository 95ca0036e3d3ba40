// SPDX-License-Identifier: ISC
// sockctl echo --client: sends a word and shows what comes back, or measures. See sockctl-echo(1).
#include "base/mem.h"
#include "session/connection.h"
#include "session/echo.h"
#include "session/echo_report.h"
#include "opts/open_failure.h"
#include "opts/progress_line.h"
#include "opts/endpoint_open.h"
#include "opts/proxy.h"
#include "io/fd.h"
#include "io/output.h"
#include "net/dial.h"
#include "net/echo/client.h"
#include "net/stream_socket.h"
#include "out/progress.h"
#include "sys/socket.h"
#include "sys/trace.h"

#include <errno.h>
#include <inttypes.h>
#include <netdb.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

// One run of the client.
struct measurement {
	struct app *app;
	const struct echo_config *config;
	struct sockopt_settings settings;
	struct dial_options dial_options;
	struct dial *dial;
	struct endpoint_open opening;
	struct echo_client echo_client;
	struct echo_report report;
	struct output output; // tells when the reader of stdout has gone
	struct str answer; // to the word
	bool has_answer; // which may be empty
	bool shows_results;
	bool has_shown; // what a connection is like
	bool has_begun; // to ask
	struct progress_line progress_line;
};

static bool is_datagram(const struct measurement *c)
{
	return c->echo_client.options.type == SOCK_DGRAM;
}

static const char *protocol_of(const struct measurement *c)
{
	if (c->report.remote.sa.sa_family == AF_UNIX)
		return is_datagram(c) ? "datagram" : "stream";
	return is_datagram(c) ? "udp" : "tcp";
}

static int on_open(void *data, unsigned connection, int fd)
{
	struct measurement *c = data;
	struct connection spoken;
	int r = sockopt_settings_complete(&c->settings, fd);

	if (r < 0 || c->has_shown)
		return r;
	c->has_shown = true; // one stands for all
	connection_init(&spoken, c->app, connection + 1, &c->report.remote);
	connection_report_connected(&spoken, fd);
	sockopt_config_report(c->app, &c->config->sockopt, fd);
	return 0;
}

static void on_bytes(void *data, const char *bytes, size_t len)
{
	struct measurement *c = data;

	c->has_answer = true;
	str_addn(&c->answer, bytes, len);
}

static void on_result(void *data, const struct echo_client_result *result)
{
	struct measurement *c = data;

	if (!c->shows_results)
		return;
	progress_line_hide(&c->progress_line);
	if (echo_report_result(&c->report, result))
		app_stop(c->app);
}

static int status_of(enum echo_client_failure failure, int error)
{
	switch (failure) {
	case ECHO_CLIENT_CONNECT:
		return error == -ETIMEDOUT ? STATUS_TIMEOUT : STATUS_CONNECT;
	case ECHO_CLIENT_BROKEN:
		return STATUS_BROKEN;
	case ECHO_CLIENT_SILENT:
		return STATUS_TIMEOUT;
	default:
		return STATUS_LOCAL;
	}
}

static const char *message_of(enum echo_client_failure failure, int error)
{
	if (failure == ECHO_CLIENT_WRONG)
		return "what comes back is not what was sent";
	if (failure == ECHO_CLIENT_SILENT)
		return "no answer in time";
	return error ? NULL : "the server has ended the connection";
}

static void on_failure(void *data, unsigned connection, enum echo_client_failure failure, int error)
{
	struct measurement *c = data;
	struct str remote = {0};

	(void)connection;
	if (c->settings.failed) {
		sockopt_fail(c->app, c->config->endpoint.name, &c->settings, error);
		return;
	}
	str_add_sockaddr(&remote, &c->report.remote.sa, c->report.remote.len);
	report_error(&c->app->out, status_of(failure, error), str_c(&remote),
		message_of(failure, error), error);
	app_fail_quietly(c->app, status_of(failure, error));
	str_fini(&remote);
}

static void on_done(void *data)
{
	struct measurement *c = data;

	app_stop(c->app);
}

static const struct echo_client_events measure_events = {
	.on_open = on_open,
	.on_result = on_result,
	.on_failure = on_failure,
	.on_done = on_done,
};
static const struct echo_client_events word_events = {
	.on_open = on_open,
	.on_bytes = on_bytes,
	.on_failure = on_failure,
	.on_done = on_done,
};

static int prepare(void *data, int fd)
{
	struct measurement *c = data;

	return sockopt_settings_prepare(&c->settings, fd);
}

// As many requests as the interval lets be under way until the first is given up.
static unsigned pipeline_of(const struct echo_config *c)
{
	if (c->pipeline)
		return (unsigned)c->pipeline;
	if (!c->interval_ms || c->reconnect)
		return 1;
	return (unsigned)MIN(c->wait_ms / c->interval_ms + 2, (uint64_t)ECHO_CLIENT_PIPELINE);
}

static int init_echo_client(struct measurement *c)
{
	const struct echo_config *config = c->config;
	struct echo_client_options o = {
		.type = config->udp ? SOCK_DGRAM : SOCK_STREAM,
		.text = config->word,
		.size = config->size,
		.connections = (unsigned)config->connections,
		.pipeline = pipeline_of(config),
		.count = config->count,
		.interval_ms = config->interval_ms,
		.duration_ms = config->duration_ms,
		.wait_ms = config->wait_ms,
		.connect_ms = config->client.connect_timeout_ms,
		.reconnect = config->reconnect,
		.socket = c->dial_options.socket,
	};

	return echo_client_init(&c->echo_client, &c->app->loop, &o,
		config->word ? &word_events : &measure_events, c);
}

static int fail_connect(struct measurement *c, enum step step, int error)
{
	const struct open_failure f = {
		.object = c->config->endpoint.name,
		.address = &c->report.remote,
		.from = &c->dial_options.socket.bind,
		.interface = c->dial_options.socket.interface,
		.settings = &c->settings,
		.step = step,
	};

	return open_failure_report(c->app, &f, error);
}

static void set_remote(struct measurement *c, const struct sockaddr_any *remote)
{
	c->report.remote = *remote;
	sockaddr_unmap(&c->report.remote);
	c->report.protocol = protocol_of(c);
}

static void add_progress(const void *data, uint64_t elapsed, struct str *line)
{
	const struct measurement *c = data;
	const struct echo_client_counts *n = &c->echo_client.counts;

	progress_add_count(
		line, "answers", n->received + n->lost, c->echo_client.options.count, elapsed);
	str_addf(line, ", %" PRIu64 " lost", n->lost);
}

static void begin(struct measurement *c)
{
	c->has_begun = true;
	progress_line_start(&c->progress_line, c->app, c->config->progress, add_progress, c);
	if (!c->config->word && !c->config->common.quiet && echo_report_begin(&c->report))
		app_stop(c->app);
	else
		echo_client_start(&c->echo_client);
}

// A socket is connected; others may have to follow. Returns 0, or the exit status after a message.
static int begin_on(struct measurement *c, int fd, bool is_inherited, uint64_t began)
{
	enum step step;
	struct sockaddr_any remote;
	int r;

	r = stream_socket_peer(fd, &remote);
	set_remote(c, &remote);
	step = r < 0 ? STEP_CONNECT : STEP_OPTION;
	if (r == 0)
		r = echo_client_add(&c->echo_client, fd, is_inherited, began);
	if (r < 0 && !is_inherited)
		fd_close(fd);
	if (r == 0 && !is_inherited)
		r = echo_client_connect(&c->echo_client, &remote, &step);
	if (r < 0)
		return fail_connect(c, step, r);
	begin(c);
	return 0;
}

static void on_dialled(struct dial *d)
{
	struct measurement *c = d->data;

	if (d->last.failure == DIAL_OK) {
		if (begin_on(c, channel_release(dial_take(d)), false, d->began))
			app_stop(c->app);
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
	struct measurement *c = d->data;

	connecting_report_progress(c->app, d, progress, attempt);
}

// Datagrams have no connections that could fail, so the first address will do to which there is a
// way.
static int on_addresses(void *data, const struct address_list *list)
{
	struct measurement *c = data;
	enum step step = STEP_CONNECT;
	int r = -EADDRNOTAVAIL;

	for (size_t i = 0; r < 0 && i < list->count; i++) {
		set_remote(c, &list->items[i]);
		r = echo_client_connect(&c->echo_client, &list->items[i], &step);
	}
	if (r < 0)
		return fail_connect(c, step, r);
	begin(c);
	return 0;
}

static int on_descriptor(void *data, int fd)
{
	struct measurement *c = data;
	struct fd_info info;
	int error = 0;

	fd_inspect(fd, &info);
	if (info.kind != FD_SOCKET)
		error = info.kind == FD_BAD ? -EBADF : -ENOTSOCK;
	else if (info.socket_type != c->echo_client.options.type)
		error = -ESOCKTNOSUPPORT;
	if (error == 0)
		error = sockopt_settings_prepare(&c->settings, fd);
	return error ? fail_connect(c, STEP_ADOPT, error) : begin_on(c, fd, true, trace_now());
}

static int start(struct measurement *c)
{
	const struct endpoint *p = &c->config->endpoint;

	if (!is_datagram(c) && p->kind != ENDPOINT_FD) {
		c->dial =
			dial_create(&c->app->loop, p, &c->dial_options, on_dialled, on_progress, c);
		return 0;
	}
	c->opening = (struct endpoint_open){
		.app = c->app,
		.endpoint = p,
		.family = c->dial_options.family,
		.type = SOCK_DGRAM,
		.flags = c->dial_options.numeric ? AI_NUMERICHOST : 0,
		.on_addresses = on_addresses,
		.on_descriptor = on_descriptor,
		.data = c,
	};
	return endpoint_open(&c->opening);
}

static void on_output(struct output *o, int error)
{
	struct measurement *c = o->data;

	if (error != -EPIPE)
		return; // what is written tells
	app_fail_quietly(c->app, STATUS_SIGNAL + SIGPIPE);
	c->report.has_failed = true;
	app_stop(c->app);
}

static void on_stop(void *arg, int signal, struct str *doing)
{
	struct measurement *c = arg;

	(void)signal;
	progress_line_end(&c->progress_line);
	if (c->has_begun) {
		str_add(&c->app->stop_object, c->config->endpoint.name);
		str_addf(doing, "after %" PRIu64 " of %" PRIu64 " answers",
			c->echo_client.counts.received, c->echo_client.counts.sent);
	} else if (c->dial) {
		connecting_add_doing(c->dial, doing);
	} else {
		str_add(doing, "looking up the name");
	}
}

// What is wrong with the answers as a whole.
static void judge(struct measurement *c)
{
	const struct echo_client_counts *n = &c->echo_client.counts;
	const char *name = c->config->endpoint.name;

	if (n->differing && !n->failures)
		app_failf(c->app, STATUS_LOCAL, name, "what comes back is not what was sent");
	else if (n->lost && !n->received && !n->failures)
		app_failf(c->app, STATUS_TIMEOUT, name, "no answer");
	else if (n->lost)
		app_fail_quietly(c->app, STATUS_TIMEOUT);
}

// It connects again and again.
static int confine_measuring(const struct measurement *c)
{
	struct sandbox sandbox = {.needs = SANDBOX_DIAL};

	if (is_datagram(c))
		sandbox.needs |= SANDBOX_NAMES; // which has sockets for datagrams
	confine_add_target(&sandbox, &c->config->endpoint, false);
	return confine(c->app, &c->config->confine, &sandbox);
}

int echo_measure(struct app *app, struct echo_config *config)
{
	struct measurement c = {.app = app, .config = config};
	int r;

	fd_raise_limit();
	if (sockopt_config_parse(app, &config->sockopt, &c.settings) || !app_loop(app))
		goto out;
	app->on_stop = on_stop;
	app->stop_arg = &c;
	app_set_deadline(app, config->timeout_ms);
	proxying_report_unused(app, config->endpoint.name);
	connecting_options(&config->client, &c.dial_options);
	c.dial_options.socket.prepare = prepare;
	c.dial_options.socket.prepare_data = &c;
	c.report = (struct echo_report){.app = app, .config = config};
	c.shows_results = !config->common.quiet && echo_report_shows_results(config);
	r = output_init(&c.output, &app->loop, STDOUT_FILENO, on_output, &c);
	if (r == 0)
		r = init_echo_client(&c);
	if (r < 0)
		app_fail(app, STATUS_LOCAL, "connections", r);
	else if (confine_measuring(&c) == 0 && start(&c) == 0)
		app_run(app);
	progress_line_end(&c.progress_line);
	judge(&c);
	if (c.has_answer)
		echo_report_answer(&c.report, &c.answer, &c.echo_client);
	else if (!config->word && c.has_begun)
		echo_report_summary(&c.report, &c.echo_client);
	dial_destroy(c.dial);
	echo_client_fini(&c.echo_client);
	output_fini(&c.output);
	str_fini(&c.answer);
out:
	sockopt_settings_fini(&c.settings);
	return app->status;
}
