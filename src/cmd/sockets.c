// SPDX-License-Identifier: ISC
// sockctl sockets: the live sockets of this machine. See sockctl-sockets(1).
#include "app.h"
#include "base/mem.h"
#include "base/value.h"
#include "reference/process_choice.h"
#include "reference/sockets_rows.h"
#include "reference/table.h"
#include "io/terminal.h"
#include "io/terminal_mode.h"
#include "io/timer.h"
#include "io/watch.h"
#include "net/inspect/diag_filter.h"
#include "opts/user.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct sockets_config {
	struct common_config common;
	bool tcp, udp, raw, un;
	bool ipv4, ipv6;
	bool listening;
	struct strlist states, ports, addresses, owners, users;
	bool processes, numeric, details;
	uint64_t watch; // ms; 0: once
};

// One run.
struct sockets {
	struct app *app;
	const struct sockets_config *config;
	struct diag_query query;
	struct diag_filter filter;
	uid_t *uids;
	size_t uid_count; // 0: whoever's
	struct process_choice choice;
	struct port_names ports;
	struct timer timer;
	struct watch keys;
	bool has_keys; // a terminal is there on which q ends the watching
	bool shown; // something stands on the terminal
};

static const struct opt choosing_opts[] = {
	{"tcp", 't', OPT_FLAG, OPT_AT(struct sockets_config, tcp, bool), "", "TCP sockets",
		.is_everyday = true},
	{"udp", 'u', OPT_FLAG, OPT_AT(struct sockets_config, udp, bool), "", "UDP sockets",
		.is_everyday = true},
	{"raw", 'w', OPT_FLAG, OPT_AT(struct sockets_config, raw, bool), "", "raw sockets"},
	{"unix", 'x', OPT_FLAG, OPT_AT(struct sockets_config, un, bool), "", "Unix sockets",
		.is_everyday = true},
	{"ipv4", '4', OPT_FLAG, OPT_AT(struct sockets_config, ipv4, bool), "", "IPv4 sockets"},
	{"ipv6", '6', OPT_FLAG, OPT_AT(struct sockets_config, ipv6, bool), "", "IPv6 sockets",
		.not_with = "ipv4"},
	{"listening", 'l', OPT_FLAG, OPT_AT(struct sockets_config, listening, bool), "",
		"listening sockets, and datagram sockets without a peer", .is_everyday = true},
	{"state", 's', OPT_LIST, OPT_AT(struct sockets_config, states, struct strlist), "STATE",
		"sockets in this state, such as established, time-wait or connected",
		.words = "state", .is_everyday = true, .not_with = "listening"},
	{"port", 'P', OPT_LIST, OPT_AT(struct sockets_config, ports, struct strlist), "PORT",
		"sockets with this port, port range or service at either end", .words = "service",
		.is_everyday = true},
	{"address", 'A', OPT_LIST, OPT_AT(struct sockets_config, addresses, struct strlist),
		"ADDRESS", "sockets with this address, network or path at either end",
		.words = "address|unix"},
	{"process", 0, OPT_LIST, OPT_AT(struct sockets_config, owners, struct strlist), "NAME|PID",
		"sockets open in this process", .words = "process"},
	{"user", 0, OPT_LIST, OPT_AT(struct sockets_config, users, struct strlist), "NAME|UID",
		"sockets of this user", .words = "user"},
	{""},
};

static const struct opt showing_opts[] = {
	{"processes", 'p', OPT_FLAG, OPT_AT(struct sockets_config, processes, bool), "",
		"show the processes that use each socket", .is_everyday = true},
	{"numeric", 'n', OPT_FLAG, OPT_AT(struct sockets_config, numeric, bool), "",
		"show port numbers instead of service names", .is_everyday = true},
	{"long", 'L', OPT_FLAG, OPT_AT(struct sockets_config, details, bool), "",
		"show TCP statistics of the kernel", .is_everyday = true},
	{"watch", 0, OPT_DURATION, OPT_AT(struct sockets_config, watch, uint64_t), "TIME",
		"refresh the list every TIME (2s)", .min = 100, .is_optional = true, .implied = "2",
		.is_everyday = true},
	{""},
};

static const struct opt_group groups[] = {
	{"Choosing", choosing_opts, 0}, {"Showing", showing_opts, 0}, COMMON_GROUP, {0}};

static void set_query(struct diag_query *q, const struct sockets_config *c, uint32_t states)
{
	q->kinds = (c->tcp ? DIAG_TCP : 0U) | (c->udp ? DIAG_UDP : 0U) | (c->raw ? DIAG_RAW : 0U) |
		   (c->un ? DIAG_UNIX : 0U);
	q->family = c->ipv4 ? AF_INET : c->ipv6 ? AF_INET6 : AF_UNSPEC;
	if (!q->kinds)
		q->kinds = q->family ? DIAG_ALL & ~DIAG_UNIX : DIAG_ALL;
	q->states = states ? states : DIAG_ALL_STATES;
	if (c->listening)
		q->states &= 1U << TCP_LISTEN | 1U << TCP_CLOSE;
	q->details = c->details;
}

static int parse_words(const struct strlist *words, struct diag_filter *f,
	int (*add)(struct diag_filter *, const char *, struct str *), const char *option,
	struct str *err)
{
	for (size_t i = 0; i < words->count; i++) {
		str_clear(err);
		str_addf(err, "--%s: ", option);
		int r = add(f, words->items[i], err);
		if (r < 0)
			return r;
	}
	return 0;
}

static int parse_users(struct sockets *s)
{
	const struct strlist *users = &s->config->users;

	s->uids = xcalloc(users->count + 1, sizeof(*s->uids));
	for (size_t i = 0; i < users->count; i++) {
		uid_t found;
		uint64_t uid = 0;

		if (user_find(users->items[i], &found)) {
			uid = found;
		} else if (parse_uint(users->items[i], &uid) < 0 || uid > UINT32_MAX) {
			app_failf(s->app, STATUS_NOT_FOUND, users->items[i], "no such user");
			return -ENOENT;
		}
		s->uids[s->uid_count++] = (uid_t)uid;
	}
	return 0;
}

// Refuses what no socket of the kinds that were asked for can pass.
static int check_kinds(const struct sockets_config *c, const struct diag_filter *f, struct str *err)
{
	const uint32_t unconnected = 1U << TCP_ESTABLISHED | 1U << TCP_CLOSE;
	const uint32_t possible = unconnected | (c->un ? 1U << TCP_LISTEN : 0);
	bool is_inet = c->tcp || c->udp || c->raw;

	if (!is_inet && !c->un)
		return 0;
	if (!is_inet && f->port_count)
		str_add(err, "--port: Unix sockets have no ports");
	else if (!is_inet && f->address_count && !f->path_count)
		str_add(err, "--address: Unix sockets have paths or names, such as /run/x or @x");
	else if (!c->un && f->path_count && !f->address_count)
		str_add(err, "--address: only Unix sockets, which --unix lists, have paths");
	else if (!c->tcp && f->states && !(f->states & possible))
		str_add(err, "--state: sockets of that kind are never in this state; --listening "
			     "lists those that wait for others");
	return err->len ? -EINVAL : 0;
}

static int parse_filter(struct sockets *s)
{
	const struct sockets_config *c = s->config;
	struct str err = {0};
	int r = parse_words(&c->states, &s->filter, diag_filter_add_states, "state", &err);

	if (r == 0)
		r = parse_words(&c->ports, &s->filter, diag_filter_add_ports, "port", &err);
	if (r == 0)
		r = parse_words(
			&c->addresses, &s->filter, diag_filter_add_address, "address", &err);
	if (r == 0) {
		str_clear(&err);
		r = check_kinds(c, &s->filter, &err);
	}
	if (r < 0)
		app_failf(s->app, STATUS_USAGE, NULL, "%s", str_c(&err));
	str_fini(&err);
	return r;
}

static bool is_of_process(
	const struct sockets *s, const struct owner_list *owners, const struct diag_socket *d)
{
	size_t count = 0;
	const struct owner *o;

	if (!s->config->owners.count)
		return true;
	o = d->inode ? owner_find(owners, d->inode, &count) : NULL;
	for (size_t i = 0; i < count; i++)
		if (process_choice_has(&s->choice, &o[i]))
			return true;
	return false;
}

static bool is_of_user(const struct sockets *s, const struct diag_socket *d)
{
	for (size_t i = 0; d->has_uid && i < s->uid_count; i++)
		if (s->uids[i] == d->uid)
			return true;
	return !s->uid_count;
}

// Says which kinds the kernel cannot list: an error for what was asked for.
static void report_missing(struct sockets *s, unsigned missing)
{
	for (unsigned kind = DIAG_TCP; kind <= DIAG_UNIX; kind <<= 1) {
		if (!(missing & kind))
			continue;
		if (kind == DIAG_RAW && !s->config->raw)
			report(&s->app->out, &ev_missing, F_STR("protocol", diag_kind_name(kind)));
		else
			app_failf(s->app, STATUS_LOCAL, NULL,
				"this kernel does not list %s sockets", diag_kind_name(kind));
	}
}

// A snapshot in the making.
struct snapshot {
	struct sockets *sockets;
	struct owner_list owners;
	struct sockets_view view;
	struct rows rows;
};

static void on_socket(void *arg, const struct diag_socket *d)
{
	struct snapshot *shot = arg;
	const struct sockets *s = shot->sockets;

	if (diag_filter_passes(&s->filter, d) && is_of_user(s, d) &&
		is_of_process(s, &shot->owners, d))
		sockets_rows_add(&shot->rows, &shot->view, d);
}

// Writes the rows: in place on a terminal that watches, with an empty line between texts elsewhere.
static int show(struct sockets *s, struct rows *rows)
{
	struct str text = {0};
	struct str frame = {0};
	bool in_place = s->config->watch && !rows->json && terminal_is(STDOUT_FILENO);
	int status;

	if (s->shown && !rows->json && !in_place)
		str_addc(&text, '\n');
	table_lay_out(rows, &text);
	if (in_place)
		terminal_add_frame(&frame, STDOUT_FILENO, &text, !s->shown);
	s->shown = true;
	status = app_output(s->app, in_place ? &frame : &text);
	str_fini(&text);
	str_fini(&frame);
	return status;
}

// Lists the sockets once. Returns 0 or the status.
static int take_snapshot(struct sockets *s)
{
	const struct sockets_config *c = s->config;
	struct snapshot shot = {.sockets = s};
	unsigned missing = 0;
	int status;
	int r = 0;

	if (c->processes || c->owners.count)
		r = owner_list_read(
			&shot.owners, c->owners.count ? process_choice_note : NULL, &s->choice);
	shot.view =
		(struct sockets_view){c->processes ? &shot.owners : NULL, &s->ports, c->details};
	sockets_rows_init(&shot.rows, c->common.json, &shot.view);
	if (r == 0)
		r = diag_each(&s->query, on_socket, &shot, &missing);
	if (!s->shown)
		report_missing(s, missing);
	if (r == 0 && !c->watch) // what is watched may be yet to come
		process_choice_report(&s->choice, s->app);
	status = r < 0 ? app_fail(s->app, STATUS_LOCAL, NULL, r) : show(s, &shot.rows);
	rows_fini(&shot.rows);
	owner_list_fini(&shot.owners);
	return status;
}

// In the background keys are another's, and reading them would stop the process.
static void watch_want_keys(struct sockets *s)
{
	if (s->has_keys)
		watch_want(&s->keys, terminal_is_ours(STDIN_FILENO) ? WATCH_READ : 0);
}

static void on_key(struct watch *w, unsigned events)
{
	struct sockets *s = w->data;
	int key = terminal_is_ours(STDIN_FILENO) && !(events & WATCH_ERROR) ? terminal_read_key()
									    : -1;

	if (key < 0)
		watch_want(w, 0); // until the next snapshot, or for good where it is gone
	else if (key == 'q')
		app_stop(s->app);
}

static void take_keys(struct sockets *s, uv_loop_t *loop)
{
	if (s->config->common.json || !terminal_is(STDOUT_FILENO) || !terminal_is(STDIN_FILENO) ||
		watch_init(&s->keys, loop, STDIN_FILENO, WATCH_SHARED, on_key, s) < 0)
		return;
	s->has_keys = terminal_take(loop, STDIN_FILENO, -1, TERMINAL_KEYS) == 0;
	watch_want_keys(s);
}

static void on_timer(void *data)
{
	struct sockets *s = data;

	if (take_snapshot(s)) {
		app_stop(s->app);
	} else {
		watch_want_keys(s);
		timer_start(&s->timer, s->config->watch);
	}
}

// The reader may go away long before the next snapshot.
static void on_output(struct watch *w, unsigned events)
{
	struct sockets *s = w->data;

	if (!(events & WATCH_ERROR))
		return;
	app_fail_output(s->app, -EPIPE);
	app_stop(s->app);
}

static void watch(struct sockets *s)
{
	const unsigned flags = WATCH_OUTPUT | WATCH_SHARED;
	uv_loop_t *loop = app_loop(s->app);
	struct watch output;
	int r;

	if (!loop)
		return;
	timer_init(&s->timer, loop, on_timer, s);
	r = watch_init(&output, loop, STDOUT_FILENO, flags, on_output, s);
	if (r < 0) {
		app_fail_output(s->app, r);
	} else {
		take_keys(s, loop);
		timer_start(&s->timer, s->config->watch);
		app_run(s->app);
	}
	terminal_give_back();
	watch_fini(&s->keys);
	watch_fini(&output);
	timer_fini(&s->timer);
}

static int run(struct app *app, void *config, int argc, char **argv)
{
	struct sockets s = {.app = app, .config = config};

	(void)argc;
	(void)argv;
	process_choice_init(&s.choice, &s.config->owners);
	if (parse_filter(&s) == 0 && parse_users(&s) == 0) {
		set_query(&s.query, s.config, s.filter.states);
		if (!s.config->numeric && !s.config->common.json)
			port_names_load(&s.ports);
		if (take_snapshot(&s) == 0 && s.config->watch)
			watch(&s);
	}
	port_names_fini(&s.ports);
	diag_filter_fini(&s.filter);
	process_choice_fini(&s.choice);
	free(s.uids);
	return app->status;
}

static const char *const examples[] = {
	"sockctl sockets -tlnp                # who listens on TCP ports",
	"sockctl sockets -s time-wait -P 443  # what is left of connections to port 443",
	"sockctl sockets -tL --watch          # measurements, refreshed in place",
	NULL,
};

const struct cmd cmd_sockets = {
	.name = "sockets",
	.summary = "List the sockets of this host",
	.max_operands = 0,
	.config_size = sizeof(struct sockets_config),
	.groups = groups,
	.examples = examples,
	.run = run,
};
