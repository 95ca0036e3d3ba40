// SPDX-License-Identifier: ISC
#include "session/check.h"

#include "base/value.h"
#include "opts/connecting.h"
#include "opts/progress_line.h"
#include "session/connection.h"
#include "session/scan_report.h"
#include "opts/socket_options.h"
#include "io/fd.h"
#include "io/output.h"
#include "net/names/database.h"
#include "net/scan/scan.h"
#include "net/scan/target.h"
#include "net/unix_path.h"
#include "out/progress.h"
#include "out/rows.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define HOUR_MS (3600 * 1000ull)
#define DESCRIPTORS_KEPT 32 // for everything but the sockets
#define MAX_SOCKETS 4096 // at once; more would only overrun what lies between here and there

#define AT(field, type) OPT_AT(struct check_config, field, type)

const struct opt check_opts[] = {
	{"check", 'z', OPT_FLAG, AT(check, bool), "",
		"test whether ports are open, without sending data; PORT may be a list such as "
		"22,80,8000-8100",
		.is_everyday = true, .not_with = "pass-fd udp forward"},
	{"any", 0, OPT_FLAG, AT(any, bool), "", "succeed if at least one port is open",
		.only_with = "check"},
	{"banner", 0, OPT_DURATION, AT(banner_ms, uint64_t), "TIME",
		"show the first bytes from an open port, received within TIME (2s)", .min = 1,
		.max = HOUR_MS, .is_optional = true, .implied = "2s", .only_with = "check"},
	{""},
};

static const struct rows_column columns[] = {{NULL, "{port}"}, {NULL, "{service}"}, {0}};
static const struct rows_column columns_of_unix[] = {{NULL, "{remote}"}, {NULL, "{banner}"}, {0}};
static const struct rows_column columns_with_banner[] = {
	{NULL, "{port}"}, {NULL, "{service}"}, {NULL, "{banner}"}, {0}};

// One run.
struct check {
	struct app *app;
	const struct check_config *config;
	const struct dial_options *options;
	const struct sockopt_settings *settings;
	const struct endpoint *endpoint;
	struct scan_target *target;
	struct scan *scan; // NULL until there is a target
	bool is_listed; // the open ports, on stdout
	bool has_services; // the database is held open
	struct rows rows;
	struct output out;
	struct str text, going; // for stdout: still to be written, and being written
	struct iovecs pieces;
	bool is_done;
	struct progress_line progress_line;
};

int check_parse(struct check_config *c, const struct endpoint *endpoint, struct str *err)
{
	if (!c->check || endpoint->kind == ENDPOINT_UNIX)
		return 0;
	if (endpoint->kind == ENDPOINT_FD)
		return bad_word(
			err, endpoint->name, "is connected already; there is nothing to check");
	return ports_parse(&c->ports, endpoint->service, err);
}

void check_fini(struct check_config *c)
{
	ports_fini(&c->ports);
}

static void fail_output(struct check *c, int error)
{
	app_fail_output(c->app, error);
	app_stop(c->app);
}

// Writes what there is to say, and ends the run after the last of it.
static void flush(struct check *c)
{
	struct str written = c->going;
	int r = 0;

	if (output_is_busy(&c->out))
		return;
	c->going = c->text;
	c->text = written;
	str_clear(&c->text);
	iovecs_clear(&c->pieces);
	if (c->going.len) {
		progress_line_hide(&c->progress_line);
		iovecs_add(&c->pieces, c->going.data, c->going.len);
		r = output_write(&c->out, &c->pieces);
	}
	if (r == 0 && c->is_done)
		app_stop(c->app);
	else if (r < 0 && r != -EAGAIN)
		fail_output(c, r);
}

static void on_output(struct output *o, int error)
{
	struct check *c = o->data;

	if (error)
		fail_output(c, error);
	else
		flush(c);
}

static void set_service(void *arg, const struct servent *e)
{
	str_add(arg, e->s_name);
}

void check_add_service(struct str *s, uint16_t port)
{
	char number[sizeof("65535")];

	snprintf(number, sizeof(number), "%u", port);
	services_find(number, "tcp", set_service, s);
}

static void add_service(struct check *c, struct str *s, uint16_t port)
{
	if (!port || c->options->numeric)
		return;
	if (!c->has_services)
		services_hold(c->scan->count);
	c->has_services = true;
	check_add_service(s, port);
}

// The bytes to show, without the line ends after them.
static size_t banner_length(const struct str *banner)
{
	size_t len = banner->len;

	while (len && (banner->data[len - 1] == '\n' || banner->data[len - 1] == '\r'))
		len--;
	return len;
}

static struct dial_times times_of(const struct check *c, const struct scan_port *p)
{
	return (struct dial_times){.lookup = c->target->lookup_ns, .connect = p->connect_ns};
}

static void add_row(struct check *c, const struct scan_port *p)
{
	const struct dial_times times = times_of(c, p);
	struct str service = {0};

	add_service(c, &service, p->port);

	const struct field fields[] = {
		F_STR("name", c->endpoint->host), F_ENDPOINT("remote", &p->address),
		F_STR("service", service.data), F_STR("state", "open"),
		F_BYTES("banner", p->banner.data, banner_length(&p->banner)), TIMES_FIELDS(&times),
		F_UINT("port", p->port), // a socket in the file system has none
	};

	rows_add_fields(&c->rows, fields, ARRAY_SIZE(fields) - !p->port);
	rows_take(&c->rows, &c->text);
	str_fini(&service);
}

static void on_open(struct scan *s, const struct scan_port *p)
{
	struct check *c = s->options.data;

	struct connection spoken;

	connection_init(&spoken, c->app, 1, &p->address);
	spoken.times = times_of(c, p);
	connection_report_open(&spoken);
	if (c->is_listed) {
		add_row(c, p);
		flush(c);
	}
}

static const char *host_of(const struct endpoint *p)
{
	return p->host ? p->host : "localhost";
}

static void on_retry(struct scan *s, const struct scan_port *p)
{
	struct check *c = s->options.data;
	struct str name = {0};
	struct str reason = {0};

	if (s->count > 1)
		str_addf(&name, "%s:%u", host_of(c->endpoint), p->port);
	else
		str_add(&name, c->endpoint->name);
	str_add_error(&reason, p->error);
	connecting_report_retry(c->app, str_c(&name), p->tries, str_c(&reason), c->options);
	str_fini(&name);
	str_fini(&reason);
}

static void report_port(
	struct check *c, const struct scan_port *p, const struct sockaddr_any *address)
{
	int status = p->error == -ETIMEDOUT ? STATUS_TIMEOUT : STATUS_CONNECT;
	struct str why = {0};

	if (p->error == -EPROTOTYPE)
		str_add(&why, OTHER_TYPE);
	else if (str_add_path_fault(&why, address, p->error))
		str_addf(&why, ": %s", strerror(-p->error));
	report_error_at(&c->app->out, status, address, c->endpoint->name,
		why.len ? str_c(&why) : NULL, p->error);
	str_fini(&why);
}

// Each port that is not open; whoever has words of their own for it wants the addresses, too.
static void report_closed(struct check *c)
{
	const struct scan *s = c->scan;
	const struct address_list *list = s->options.addresses;

	for (size_t i = 0; i < s->count; i++) {
		const struct scan_port *p = &s->ports[i];

		if (p->state == SCAN_OPEN)
			continue;
		for (size_t k = 0; k < (c->app->out.voice ? list->count : 1); k++) {
			struct sockaddr_any address = list->items[k];

			if (p->port)
				sockaddr_set_port(&address, p->port);
			report_port(c, p, &address);
		}
	}
}

static void report_result(struct check *c)
{
	struct scan *s = c->scan;
	int status = scan_report_status(s);
	struct str text = {0};

	if (s->count > 1)
		scan_report_summary(c->app, host_of(c->endpoint), s);
	if (!status && !c->app->out.voice)
		return;
	if (status)
		app_fail_quietly(c->app, status);
	if (s->count == 1 || c->app->out.voice) {
		report_closed(c);
		return;
	}
	str_add(&text, "not open: ");
	scan_report_closed(&text, s);
	report_error(&c->app->out, status, host_of(c->endpoint), str_c(&text), 0);
	str_fini(&text);
}

static void end(struct check *c)
{
	c->is_done = true;
	flush(c);
}

static void on_scanned(struct scan *s)
{
	struct check *c = s->options.data;

	progress_line_end(&c->progress_line);
	if (s->outcome.failure == DIAL_OK)
		report_result(c);
	else if (c->settings->failed)
		sockopt_fail(c->app, c->endpoint->name, c->settings, s->outcome.error);
	else
		connecting_report(c->app, c->endpoint, c->options, &s->outcome);
	end(c);
}

static size_t socket_limit(void)
{
	size_t limit = (size_t)fd_raise_limit();

	return limit > 2 * DESCRIPTORS_KEPT ? MIN(limit - DESCRIPTORS_KEPT, MAX_SOCKETS)
					    : MAX(limit / 2, 1);
}

static void add_progress(const void *data, uint64_t elapsed, struct str *line)
{
	const struct scan *s = ((const struct check *)data)->scan;

	progress_add_count(line, "ports", s->count - s->left, s->count, elapsed);
	str_addf(line, ", %zu open", s->open_count);
}

static void on_target(struct scan_target *t)
{
	struct check *c = t->options.data;
	struct endpoint endpoint = *c->endpoint;
	struct scan_options options = {
		.dial = *c->options,
		.banner_ms = c->config->banner_ms,
		.any = c->config->any,
		.limit = MIN(socket_limit(), MAX(t->ports.count, 1) * t->addresses.count),
		.addresses = &t->addresses,
		.ports = endpoint.kind == ENDPOINT_UNIX ? NULL : &t->ports,
		.on_open = on_open,
		.on_retry = on_retry,
		.done = on_scanned,
		.data = c,
	};

	if (t->outcome.failure == DIAL_OK) {
		if (t->is_resolved)
			connecting_report_resolved(c->app, host_of(&endpoint), &t->addresses);
		options.dial.socket.is_seqpacket = endpoint.is_seqpacket;
		c->scan = scan_create(&c->app->loop, &options);
		progress_line_start(
			&c->progress_line, c->app, c->config->progress, add_progress, c);
		return;
	}
	if (t->service)
		endpoint.service = (char *)t->service;
	connecting_report(c->app, &endpoint, c->options, &t->outcome);
	end(c);
}

static void on_target_retry(struct scan_target *t)
{
	struct check *c = t->options.data;
	struct str reason = {0};

	connecting_add_reason(&reason, c->endpoint, c->options, &t->outcome);
	connecting_report_retry(c->app, c->endpoint->name, t->tries, str_c(&reason), c->options);
	str_fini(&reason);
}

static void add_doing_of_scan(struct check *c, struct str *doing)
{
	const struct scan *s = c->scan;
	const struct scan_port *first = s->ports;

	if (s->count > 1) {
		scan_report_summary(c->app, host_of(c->endpoint), s);
		str_add(doing, "; not open: ");
		scan_report_closed(doing, s);
	} else if (first->tries) {
		connecting_add_tries(doing, first->tries);
		str_add_error(doing, first->error);
	}
}

static void on_stop(void *arg, int signal, struct str *doing)
{
	struct check *c = arg;
	const struct scan_target *t = c->target;

	(void)signal;
	progress_line_end(&c->progress_line);
	str_add(doing, c->scan ? "checking " : "looking up ");
	str_add_escaped(doing, c->endpoint->name, strlen(c->endpoint->name));
	if (c->scan) {
		add_doing_of_scan(c, doing);
	} else if (t->tries) {
		connecting_add_tries(doing, t->tries);
		connecting_add_reason(doing, c->endpoint, c->options, &t->outcome);
	}
}

static const struct rows_column *columns_for(const struct check *c, const struct endpoint *endpoint)
{
	if (endpoint->kind == ENDPOINT_UNIX)
		return columns_of_unix;
	return c->config->banner_ms ? columns_with_banner : columns;
}

// A single port is told by the status alone, as scripts expect.
static bool is_listed(const struct app *app, const struct check_config *config)
{
	const struct ports *ports = &config->ports;

	return app->out.json || config->banner_ms || ports->count + ports->services.count > 1;
}

static void add_needs(const struct app *app, const struct check_config *config,
	const struct endpoint *endpoint, bool is_numeric, struct sandbox *sandbox)
{
	bool has_services = config->ports.services.count ||
			    (app->out.voice && app->out.level >= REPORT_VERBOSE) ||
			    (is_listed(app, config) && !is_numeric);

	sandbox->needs |= SANDBOX_DIAL;
	if (endpoint->kind == ENDPOINT_INET && (has_services || endpoint_has_host_name(endpoint)))
		sandbox->needs |= SANDBOX_NAMES;
}

// Where only numbers are asked for, nobody's bytes and no file are read: there is nothing to guard
// against, and the sandbox would take as long as a check.
static bool is_to_confine(const struct check_config *config, const struct confine_config *confine,
	const struct sandbox *sandbox)
{
	return confine->when == CONFINE_ON || config->banner_ms || sandbox->needs & SANDBOX_NAMES;
}

int check_run(struct app *app, const struct check_config *config, const struct endpoint *endpoint,
	const struct dial_options *options, const struct sockopt_settings *settings,
	const struct confine_config *confine_config)
{
	struct sandbox sandbox = {0};
	struct check c = {.app = app,
		.config = config,
		.options = options,
		.settings = settings,
		.endpoint = endpoint};
	int r = 0;

	add_needs(app, config, endpoint, options->numeric, &sandbox);
	if (is_to_confine(config, confine_config, &sandbox) &&
		confine(app, confine_config, &sandbox))
		return app->status;
	c.is_listed = is_listed(app, config);
	if (c.is_listed)
		r = output_init(&c.out, &app->loop, STDOUT_FILENO, on_output, &c);
	if (r < 0)
		return app_fail(app, STATUS_LOCAL, "standard output", r);
	rows_init(&c.rows, app->out.json, columns_for(&c, endpoint));
	c.rows.unaligned = true;
	c.target =
		scan_target_create(&app->loop, &(struct scan_target_options){.endpoint = endpoint,
						       .ports = &config->ports,
						       .dial = options,
						       .done = on_target,
						       .on_retry = on_target_retry,
						       .data = &c});
	app->on_stop = on_stop;
	app->stop_arg = &c;
	app_run(app);
	progress_line_fini(&c.progress_line);
	scan_destroy(c.scan);
	scan_target_destroy(c.target);
	if (c.has_services)
		services_release();
	rows_fini(&c.rows);
	if (c.is_listed)
		output_fini(&c.out);
	iovecs_fini(&c.pieces);
	str_fini(&c.text);
	str_fini(&c.going);
	return app->status;
}
