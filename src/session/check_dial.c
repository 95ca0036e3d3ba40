// SPDX-License-Identifier: ISC
#include "session/check_dial.h"

#include "base/mem.h"
#include "base/value.h"
#include "net/names/database.h"
#include "net/scan/scan.h"
#include "opts/approach.h"
#include "opts/connecting.h"
#include "out/rows.h"
#include "tls/channel.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define AT_ONCE 16

static const struct rows_column columns[] = {{NULL, "{port}"}, {NULL, "{service}"}, {0}};
static const struct rows_column columns_with_tls[] = {
	{NULL, "{port}"}, {NULL, "{version}"}, {NULL, "{expires}"}, {0}};

struct check_run;

// One port.
struct probe {
	struct check_run *run;
	struct endpoint endpoint; // with this port
	struct dial *dial; // NULL before it begins and once it is over
	struct approach approach;
	struct connection connection; // as it is spoken of
};

struct check_run {
	struct app *app;
	const struct check_dial_options *options;
	struct probe *probes;
	size_t count, next, left;
	size_t open_count;
	int worst; // status
	struct rows rows;
	bool is_listed;
};

static void start_more(struct check_run *run);

static void add_probe(struct check_run *run, const char *service)
{
	struct endpoint *e = &run->probes[run->count].endpoint;
	const struct endpoint *whole = run->options->endpoint;
	const char *host = whole->host ? whole->host : "";
	struct str name = {0};

	run->probes[run->count++].run = run;
	*e = *whole;
	e->service = NULL;
	e->host = whole->host ? xstrdup(whole->host) : NULL;
	if (whole->kind == ENDPOINT_INET) {
		e->service = xstrdup(service);
		str_addf(&name, strchr(host, ':') ? "[%s]:%s" : "%s:%s", host, service);
	} else {
		str_add(&name, whole->name);
	}
	e->name = name.data;
}

static void make_probes(struct check_run *run)
{
	const struct ports *ports = &run->options->check->ports;
	size_t count = MAX(ports->services.count + ports->count, 1);

	run->probes = xcalloc(count, sizeof(*run->probes));
	for (size_t i = 0; i < ports->services.count; i++)
		add_probe(run, ports->services.items[i]);
	for (unsigned port = 1; (port = ports_next(ports, port)) < PORTS_END; port++) {
		char number[sizeof("65535")];

		snprintf(number, sizeof(number), "%u", port);
		add_probe(run, number);
	}
	if (!run->count) // a Unix socket
		add_probe(run, "");
	run->left = run->count;
}

static void set_port(void *arg, const struct servent *e)
{
	*(uint16_t *)arg = ntohs((uint16_t)e->s_port);
}

// The port of a probe, which only a proxy may have been told; 0 for a Unix socket.
static uint16_t port_of(const struct probe *p)
{
	uint64_t number;
	uint16_t port = 0;

	if (p->endpoint.kind != ENDPOINT_INET)
		return 0;
	if (parse_uint(p->endpoint.service, &number) == 0)
		return (uint16_t)number;
	services_find(p->endpoint.service, "tcp", set_port, &port);
	return port;
}

// What TLS says beside: its version and the end of the certificate. NULL: there is none.
static void add_row(struct probe *p, const struct tls *t)
{
	struct check_run *run = p->run;
	const struct connection *c = &p->connection;
	uint16_t port = port_of(p);
	struct tls_facts f = {0};
	struct str expires = {0}, service = {0}, text = {0};

	if (t)
		tls_describe(t, &f);
	if (f.expires)
		str_add_date(&expires, f.expires);
	if (port && !run->options->dial->numeric)
		check_add_service(&service, port);

	const struct field fields[] = {
		F_STR("name", p->endpoint.host),
		// A target that the proxy looks up has no address here.
		c->target ? (struct field)F_STR("remote", NULL)
			  : (struct field)F_ENDPOINT("remote", &c->remote),
		connection_via(c), F_STR("state", "open"), F_STR("service", service.data),
		F_STR("version", f.version), F_STR("expires", expires.data),
		TIMES_FIELDS(&c->times), F_UINT("port", port), // a Unix socket has none
	};

	rows_add_fields(&run->rows, fields, ARRAY_SIZE(fields) - !port);
	rows_take(&run->rows, &text);
	app_output(run->app, &text);
	str_fini(&expires);
	str_fini(&service);
	str_fini(&text);
	tls_facts_fini(&f);
}

// A handshake has failed: its certificates may say why.
static void on_handshake(void *data, const struct tls *t, bool is_good)
{
	struct probe *p = data;

	if (!is_good)
		tls_show_certificates(p->run->app, p->run->options->tls, t);
}

static void end(struct check_run *run)
{
	bool is_good = run->options->check->any && run->open_count;

	if (!is_good && run->worst)
		app_fail_quietly(run->app, run->worst);
	app_stop(run->app);
}

// The port speaks TLS with a good certificate. Returns the status that it deserves.
static int judge_tls(struct probe *p, const struct tls *t)
{
	struct app *app = p->run->app;
	const struct tls_config *config = p->run->options->tls;
	struct str fault = {0};
	int status = STATUS_OK;

	tls_report_secured(app, p->endpoint.name, p->connection.number, t);
	tls_show_certificates(app, config, t);
	if (tls_expires_too_soon(config, t, &fault)) {
		status = STATUS_TLS;
		report_error(&app->out, status, p->endpoint.name, str_c(&fault), 0);
	}
	str_fini(&fault);
	return status;
}

// Every step has succeeded. Returns the status that the port deserves.
static int judge(struct probe *p, const struct dial *d)
{
	struct check_run *run = p->run;
	struct proxying *proxying = run->options->proxying;
	const struct tls *t = channel_tls(d->channel);
	int status;

	connection_init_dialled(&p->connection, run->app, 1 + (uint64_t)(p - run->probes), d);
	if (proxying_is_wanted(proxying))
		connection_set_proxying(&p->connection, proxying, &p->endpoint);
	status = t ? judge_tls(p, t) : STATUS_OK;
	if (!status) {
		connection_report_open(&p->connection);
		if (run->is_listed)
			add_row(p, t);
	}
	d->channel->ops->shut(d->channel, SHUT_RDWR); // an orderly end, for all was said
	channel_complete(d->channel);
	return status;
}

static void on_dialled(struct dial *d)
{
	struct probe *p = d->data;
	struct check_run *run = p->run;
	int status;

	if (d->last.failure == DIAL_OK)
		status = judge(p, d);
	else
		status = connecting_say(run->app, d->endpoint, &d->options, &d->last);
	run->open_count += status == STATUS_OK;
	run->worst = MAX(run->worst, status);
	dial_destroy(d);
	p->dial = NULL;
	run->left--;
	if (run->left)
		start_more(run);
	else
		end(run);
}

static void on_progress(
	struct dial *d, enum dial_progress progress, const struct dial_attempt *attempt)
{
	struct probe *p = d->data;

	connecting_report_progress(p->run->app, d, progress, attempt);
}

static void start(struct check_run *run, struct probe *p)
{
	struct proxying *proxying = run->options->proxying;
	struct dial_options options = *run->options->dial;

	if (!options.connect_timeout_ms)
		options.connect_timeout_ms = SCAN_ATTEMPT_MS;
	p->approach.tls = *run->options->plan;
	p->approach.tls.told = on_handshake;
	p->approach.tls.data = p;
	approach_plan(&p->approach, false, proxying, &p->endpoint, &options);
	p->dial = dial_create(&run->app->loop,
		proxying_is_wanted(proxying) ? proxying_endpoint(proxying) : &p->endpoint, &options,
		on_dialled, on_progress, p);
}

static void start_more(struct check_run *run)
{
	while (run->next < run->count && run->next - (run->count - run->left) < AT_ONCE) {
		start(run, &run->probes[run->next]);
		run->next++;
	}
}

static void on_stop(void *arg, int signal, struct str *doing)
{
	const struct check_run *run = arg;
	const char *name = run->options->endpoint->name;

	(void)signal;
	str_add(doing, "checking ");
	str_add_escaped(doing, name, strlen(name));
}

// 16 at once. Returns the exit status.
static int check_by_dialling(struct app *app, const struct check_dial_options *options)
{
	struct check_run run = {.app = app, .options = options};

	make_probes(&run);
	run.is_listed = app->out.json || run.count > 1;
	rows_init(&run.rows, app->out.json, options->plan->context ? columns_with_tls : columns);
	run.rows.unaligned = true;
	app->on_stop = on_stop;
	app->stop_arg = &run;
	proxying_report(options->proxying);
	start_more(&run);
	app_run(app);
	for (size_t i = 0; i < run.count; i++) {
		dial_destroy(run.probes[i].dial);
		connection_fini(&run.probes[i].connection);
		endpoint_fini(&run.probes[i].endpoint);
	}
	free(run.probes);
	rows_fini(&run.rows);
	return app->status;
}

// Authorities are looked for in the directories of the system, where look-ups read as well, and the
// names of services.
static const struct sandbox checking_dialled = {.needs = SANDBOX_DIAL | SANDBOX_NAMES};

void check_ports(struct app *app, const struct check_dial_options *o)
{
	bool is_plain = !o->plan->context && !proxying_is_wanted(o->proxying);

	if (o->check->banner_ms && !is_plain)
		app_failf(app, STATUS_USAGE, NULL,
			"--banner reads what a port says in plain, not through TLS or a proxy");
	else if (is_plain)
		check_run(app, o->check, o->endpoint, o->dial, o->settings, o->confine);
	else if (!confine(app, o->confine, &checking_dialled))
		check_by_dialling(app, o);
}
