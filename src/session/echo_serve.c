// SPDX-License-Identifier: ISC
// sockctl echo: the server. See sockctl-echo(1).
#include "session/echo.h"
#include "opts/open_failure.h"
#include "opts/endpoint_open.h"
#include "opts/rotation.h"
#include "io/fd.h"
#include "net/activation.h"
#include "net/echo/echo_server.h"
#include "sys/trace.h"

#include <errno.h>
#include <netdb.h>
#include <string.h>

#define SAY_AGAIN_NS 60000000000ull

// One run of the command.
struct serving {
	struct app *app;
	struct echo_config *config;
	struct sockopt_settings settings;
	struct endpoint_open opening;
	struct echo_server server;
	struct rotation rotation;
	bool is_serving;
	atomic_uint_fast64_t said_full; // trace_now() of the last message about it, or 0
};

static void on_accepted(void *data, uint64_t number, const struct sockaddr_any *remote)
{
	struct serving *s = data;

	report(&s->app->out, &ev_accepted_echo, F_UINT("connection", number),
		F_ADDR("remote", remote));
}

static void on_closed(void *data, const struct echo_closed *c)
{
	static const char *const ends[] = {
		[ECHO_DONE] = "done",
		[ECHO_BROKEN] = "broken",
		[ECHO_IDLE] = "idle",
		[ECHO_STOPPED] = "stopped",
	};
	struct serving *s = data;

	report(&s->app->out, &ev_closed_echo, F_UINT("connection", c->number),
		F_ADDR("remote", &c->remote), F_UINT("received_bytes", c->received),
		F_UINT("sent_bytes", c->sent), F_UINT("unsent_bytes", c->received - c->sent),
		F_TIME("start", c->start_time), F_SECONDS("duration", trace_now() - c->started),
		F_STR("how", ends[c->end]),
		F_STR("errno", c->error ? strerrorname_np(-c->error) : NULL));
}

static void on_refused(void *data, const struct sockaddr_any *remote, const char *why)
{
	struct serving *s = data;

	report(&s->app->out, &ev_refused, F_ADDR("remote", remote), F_STR("reason", why));
}

static void on_trouble(void *data, int error, uint64_t open)
{
	struct serving *s = data;
	uint64_t now = trace_now();
	uint_fast64_t said = atomic_load(&s->said_full);

	if (said && now - said < SAY_AGAIN_NS)
		return;
	if (!atomic_compare_exchange_strong(&s->said_full, &said, now))
		return; // another thread says it
	report(&s->app->out, &ev_paused, F_STR("reason", listener_strerror(error)),
		F_STR("errno", strerrorname_np(-error)), F_UINT("connections", open));
}

static void on_draining(void *data, uint64_t open)
{
	struct serving *s = data;

	app_report_draining(s->app, open);
}

static void on_drained(void *data)
{
	struct serving *s = data;

	app_stop(s->app);
}

static const struct echo_server_events events = {
	.on_accepted = on_accepted,
	.on_refused = on_refused,
	.on_trouble = on_trouble,
	.on_closed = on_closed,
	.on_draining = on_draining,
	.on_drained = on_drained,
};

static void report_listening(struct serving *s, const char *protocol, const struct sockaddr_any *a)
{
	report(&s->app->out, &ev_listening_echo, F_STR("protocol", protocol),
		F_ENDPOINT("local", a));
}

// All workers have the same addresses.
static void say_where(struct serving *s)
{
	const struct echo_worker *w = &s->server.workers[0];

	for (size_t i = 0; i < w->listener.count; i++) {
		const struct sockaddr_any *a = &w->listener.sockets[i].local;

		report_listening(s, a->sa.sa_family == AF_UNIX ? "stream" : "tcp", a);
		sockopt_config_report(s->app, &s->config->sockopt, w->listener.sockets[i].fd);
	}
	for (size_t i = 0; i < w->bound.count; i++) {
		const struct sockaddr_any *a = &w->bound.sockets[i].local;

		report_listening(s, a->sa.sa_family == AF_UNIX ? "datagram" : "udp", a);
		sockopt_config_report(s->app, &s->config->sockopt, w->bound.sockets[i].fd);
	}
}

// Before its threads start, for they are to follow.
static int confine_serving(struct serving *s)
{
	struct sandbox sandbox = {.needs = SANDBOX_ACCEPT | confine_notify_need()};
	int status;

	echo_server_add_paths(&s->server, &sandbox.unlink);
	if (s->config->endpoint.kind != ENDPOINT_INET) // whose peers may have such names
		sandbox.needs |= SANDBOX_ABSTRACT;
	rotation_add_needs(&s->rotation, &sandbox);
	status = confine(s->app, &s->config->confine, &sandbox);
	strlist_fini(&sandbox.rotate);
	strlist_fini(&sandbox.unlink);
	return status;
}

static void on_reload(void *arg)
{
	const struct serving *s = arg;

	rotation_run(&s->rotation);
}

static int start_serving(struct serving *s)
{
	int status = confine_serving(s);
	int r;

	if (status)
		return status;
	if (s->rotation.count)
		app_reload_by(s->app, on_reload);
	say_where(s);
	r = echo_server_start(&s->server);
	if (r < 0)
		return app_fail(s->app, STATUS_LOCAL, s->config->endpoint.name, r);
	s->is_serving = true;
	r = activation_notify("READY=1");
	if (r < 0)
		report_error(&s->app->out, STATUS_OK, "service manager", NULL, r);
	return 0;
}

static int on_addresses(void *data, const struct address_list *list)
{
	struct serving *s = data;
	struct sockaddr_any failed = {0};
	enum step step = STEP_SOCKET;
	int r = echo_server_open(&s->server, list, &failed, &step);
	const struct open_failure f = {
		.object = s->config->endpoint.name,
		.address = &failed,
		.interface = s->config->client.interface,
		.settings = &s->settings,
		.step = step,
	};

	return r < 0 ? open_failure_report(s->app, &f, r) : start_serving(s);
}

static int on_descriptor(void *data, int fd)
{
	struct serving *s = data;
	int r = echo_server_adopt(&s->server, fd);

	return r < 0 ? app_fail(s->app, STATUS_CONNECT, s->config->endpoint.name, r)
		     : start_serving(s);
}

static int start(struct serving *s)
{
	const struct echo_config *c = s->config;

	s->opening = (struct endpoint_open){
		.app = s->app,
		.endpoint = &c->endpoint,
		.family = c->client.ipv4   ? AF_INET
			  : c->client.ipv6 ? AF_INET6
					   : AF_UNSPEC,
		.type = c->udp && !c->tcp ? SOCK_DGRAM : SOCK_STREAM,
		.flags = AI_PASSIVE | (c->client.numeric ? AI_NUMERICHOST : 0),
		.on_addresses = on_addresses,
		.on_descriptor = on_descriptor,
		.data = s,
	};
	return endpoint_open(&s->opening);
}

static int prepare(void *data, int fd)
{
	struct serving *s = data;

	return sockopt_settings_prepare(&s->settings, fd);
}

static void report_stats(struct serving *s)
{
	struct echo_counts c = echo_server_counts(&s->server);

	report(&s->app->out, &ev_stats_echo, F_UINT("accepted", c.connections),
		F_UINT("echoed_bytes", c.stream_bytes),
		F_UINT("received_datagrams", c.datagrams.received),
		F_UINT("sent_datagrams", c.datagrams.sent), F_UINT("refused", c.datagrams.refused),
		F_UINT("truncated_datagrams", c.datagrams.truncated),
		F_UINT("failed", c.datagrams.failed), F_UINT("dropped", c.datagrams.dropped));
}

static struct echo_server_options options_of(struct serving *s)
{
	const struct echo_config *c = s->config;
	bool is_unix = c->endpoint.kind == ENDPOINT_UNIX;

	return (struct echo_server_options){
		.streams = c->tcp || !c->udp,
		.datagrams = c->udp || (!c->tcp && !is_unix),
		.threads = (unsigned)c->threads,
		.max_connections = c->listening.max_connections,
		.idle_ms = c->idle_ms,
		.keeps_records = report_wants(&s->app->out, &ev_closed_echo),
		.access = &c->listening.access,
		.listen = {.backlog = (int)c->listening.backlog,
			.mode = (mode_t)c->listening.mode,
			.group = unix_group_id(&c->listening.group),
			.interface = c->client.interface,
			.prepare = prepare,
			.prepare_data = s},
		.events = &events,
		.data = s,
	};
}

static void on_drain(void *arg)
{
	struct serving *s = arg;

	if (!s->is_serving) {
		app_stop(s->app);
		return;
	}
	activation_notify("STOPPING=1");
	s->is_serving = false;
	echo_server_drain(&s->server);
}

static void on_stop(void *arg, int signal, struct str *doing)
{
	(void)arg;
	(void)signal;
	str_add(doing, "while serving");
}

int echo_serve(struct app *app, struct echo_config *config)
{
	struct serving s = {.app = app, .config = config};
	struct echo_server_options options;
	int r;

	fd_raise_limit();
	if (sockopt_config_parse(app, &config->sockopt, &s.settings) || !app_loop(app))
		goto out;
	rotation_init(&s.rotation, app);
	app->on_stop = on_stop;
	app->on_drain = on_drain;
	app->stop_arg = &s;
	app->drain_ms = config->listening.drain_ms;
	options = options_of(&s);
	r = echo_server_init(&s.server, &app->loop, &options);
	if (r < 0)
		app_fail(app, STATUS_LOCAL, "threads", r);
	else if (start(&s) == 0)
		app_run(app);
	if (s.is_serving)
		activation_notify("STOPPING=1");
	echo_server_stop(&s.server);
	if (app->stopping)
		report_stats(&s);
	echo_server_fini(&s.server);
out:
	sockopt_settings_fini(&s.settings);
	return app->status;
}
