// SPDX-License-Identifier: ISC
// sockctl listen: connections from others joined to stdin and stdout. See sockctl-listen(1).
#include "app.h"
#include "base/list.h"
#include "base/mem.h"
#include "base/value.h"
#include "cmd/sockopt_group.h"
#include "cmd/stream.h"
#include "net/listener.h"
#include "net/lookup.h"
#include "relay/hub.h"
#include "sys/file.h"

#include <errno.h>
#include <netdb.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

struct listen_config {
	struct common_config common;
	struct stream_config stream;
	struct sockopt_config sockopt;
	bool ipv4, ipv6;
	bool numeric;
	bool keep_open;
	uint64_t count;
	uint64_t backlog;
	uint64_t max_connections;
	uint64_t mode;
	const char *interface;
	struct place place;
};

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

static const struct event ev_listening = {"listening", REPORT_NORMAL, "listening on {local}"};
static const struct event ev_accepted = {
	"accepted", REPORT_VERBOSE, "accepted connection {connection} from {remote}"};
static const struct event ev_full = {"paused", REPORT_NORMAL,
	"accepting nobody for now: {reason} ({errno}); {connections} connections are open"};

// One run of the command.
struct server {
	struct app *app;
	struct listen_config *config;
	struct stream_files files;
	struct sockopt_settings settings;
	struct listener listener;
	struct lookup *lookup;
	struct hub hub; // with keep_open
	struct endpoint local; // without
	struct list clients;
	uint64_t accepted;
	uint64_t open;
	bool serves_many;
	bool is_full;
};

// One connection.
struct client {
	struct server *server;
	struct list link;
	struct hub_member member;
	struct stream stream;
};

static int check(void *config, int argc, char **argv, struct str *err)
{
	struct listen_config *c = config;

	int r = place_parse(&c->place, PLACE_LISTEN, argc, argv, err);

	if (r == 0)
		r = place_check_family(&c->place, c->ipv4, c->ipv6, err);
	if (r == 0 && c->mode != MODE_NOT_GIVEN && !place_is_path(&c->place))
		r = bad_word(
			err, c->place.name, "has no mode: --mode is for the path of a Unix socket");
	if (c->mode == MODE_NOT_GIVEN)
		c->mode = 0600;
	return r;
}

static void fini_config(void *config)
{
	struct listen_config *c = config;

	place_fini(&c->place);
}

static void on_stop(void *arg, struct str *doing)
{
	struct server *s = arg;

	if (list_empty(&s->clients)) {
		str_add(doing, "waiting for a connection");
		return;
	}
	list_for_each (it, &s->clients)
		stream_end_progress(&list_entry(it, struct client, link)->stream);
	stream_add_doing(&list_entry(s->clients.next, struct client, link)->stream, doing);
}

static void end(struct server *s)
{
	listener_close(&s->listener);
	app_stop(s->app);
}

static bool is_last(const struct server *s)
{
	return !s->serves_many || (s->config->count && s->accepted == s->config->count);
}

static void free_client(struct client *c)
{
	struct server *s = c->server;

	if (s->serves_many)
		hub_leave(&c->member);
	list_remove(&c->link);
	stream_fini(&c->stream);
	free(c);
	s->open--;
}

// More may be accepted again.
static void make_room(struct server *s)
{
	if (is_last(s) || !(s->is_full || s->listener.troubled))
		return;
	s->is_full = false;
	listener_resume(&s->listener);
}

static void end_if_done(struct server *s)
{
	if (is_last(s) && s->open == 0 && !(s->serves_many && hub_is_busy(&s->hub)))
		end(s);
}

static void on_stream_done(struct stream *stream, int status)
{
	struct client *c = stream->data;
	struct server *s = c->server;

	bool is_everybodys = stream->relay.outcome == RELAY_OUTPUT_FAILED ||
			     stream->relay.outcome == RELAY_INPUT_FAILED;

	// A server that goes on does not end with the failure of one client.
	if (status && (!s->serves_many || s->config->count || is_everybodys))
		app_fail_quietly(s->app, status);
	free_client(c);
	if (is_everybodys) {
		end(s);
		return;
	}
	make_room(s);
	end_if_done(s);
}

static void on_drained(struct hub *h)
{
	end_if_done(h->data);
}

static void on_hub_failed(struct hub *h, bool input, int error)
{
	struct server *s = h->data;

	if (!input && error == -EPIPE)
		app_fail_quietly(s->app, STATUS_SIGNAL + SIGPIPE);
	else
		app_fail(s->app, STATUS_LOCAL, input ? s->files.in_name : s->files.out_name, error);
	end(s);
}

static void on_behind(struct hub *h, struct hub_member *m)
{
	struct client *c = container_of(m, struct client, member);

	(void)h;
	stream_cut_off(&c->stream, "cut off: it does not read what others do");
}

// Returns the party that the client is joined to, or NULL after a message.
static struct endpoint *local_party(struct client *c)
{
	struct server *s = c->server;
	int r;

	if (s->serves_many) {
		hub_join(&s->hub, &c->member, &c->stream.relay);
		return &c->member.endpoint;
	}
	r = endpoint_init_stdio(&s->local, &s->app->loop, s->files.in, s->files.out,
		stream_on_local_event, &c->stream);
	if (r < 0)
		app_fail(s->app, STATUS_LOCAL, s->files.in_name, r);
	return r < 0 ? NULL : &s->local;
}

static void start_client(struct server *s, int fd, bool is_private)
{
	struct client *c = xcalloc(1, sizeof(*c));
	struct endpoint *local;
	int r;

	c->server = s;
	s->accepted++;
	s->open++;
	list_append(&s->clients, &c->link);
	local = local_party(c);
	if (!local) {
		sys_close(fd);
		end(s);
		return;
	}
	r = stream_init(&c->stream, s->app, &s->config->stream, &s->files, fd, is_private, local,
		on_stream_done, c);
	if (r < 0) {
		app_fail(s->app, STATUS_LOCAL, s->config->place.name, r);
		end(s);
		return;
	}
	r = sockopt_settings_complete(&s->settings, fd);
	if (r < 0) {
		sockopt_fail(s->app, s->config->place.name, &s->settings, r);
		end(s);
		return;
	}
	c->stream.number = s->accepted;
	report(&s->app->out, &ev_accepted, F_UINT("connection", s->accepted),
		F_ADDR("remote", &c->stream.remote_address),
		F_ADDR("local", &c->stream.local_address));
	sockopt_config_report(s->app, &s->config->sockopt, fd);
	stream_start(&c->stream);
}

static void on_accept(struct listener *l, int fd, const struct sockaddr_any *peer)
{
	struct server *s = l->data;

	(void)peer;
	start_client(s, fd, true);
	if (is_last(s)) {
		listener_close(l); // others are refused rather than left to wait in vain
	} else if (s->config->max_connections && s->open >= s->config->max_connections) {
		s->is_full = true;
		listener_pause(l);
	}
}

static void on_trouble(struct listener *l, int error)
{
	struct server *s = l->data;

	report(&s->app->out, &ev_full, F_STR("reason", strerror(-error)),
		F_STR("errno", strerrorname_np(-error)), F_UINT("connections", s->open));
}

static void start_listening(struct server *s)
{
	for (size_t i = 0; i < s->listener.count; i++)
		report(&s->app->out, &ev_listening,
			F_ENDPOINT("local", &s->listener.sockets[i].local));
	listener_start(&s->listener);
}

static int fail_listen(
	struct server *s, const struct sockaddr_any *address, const char *step, int error)
{
	struct str name = {0};
	struct str message = {0};

	if (s->settings.failed) {
		end(s);
		return sockopt_fail(s->app, s->config->place.name, &s->settings, error);
	}
	if (address->len)
		str_add_sockaddr(&name, &address->sa, address->len);
	else
		str_add(&name, s->config->place.name);
	if (strcmp(step, "interface") == 0) {
		str_add(&message, "interface ");
		str_add_escaped(&message, s->config->interface, strlen(s->config->interface));
		str_add(&message, ": ");
	}
	str_add(&message, strerror(-error));
	if (error == -EACCES && sockaddr_port(address) && sockaddr_port(address) < 1024)
		str_add(&message, "; ports below 1024 take privilege (CAP_NET_BIND_SERVICE)");
	report_error(&s->app->out, STATUS_CONNECT, str_c(&name), str_c(&message), error);
	app_fail_quietly(s->app, STATUS_CONNECT);
	str_fini(&name);
	str_fini(&message);
	end(s);
	return STATUS_CONNECT;
}

static int prepare(void *data, int fd)
{
	struct server *s = data;

	return sockopt_settings_prepare(&s->settings, fd);
}

static struct listener_options options_of(struct server *s)
{
	const struct listen_config *c = s->config;

	return (struct listener_options){
		.prepare = prepare,
		.prepare_data = s,
		.backlog = (int)c->backlog,
		.mode = (mode_t)c->mode,
		.interface = c->interface,
	};
}

static int listen_on(struct server *s, struct address_list *list)
{
	struct listener_options options = options_of(s);
	struct sockaddr_any failed = {0};
	const char *step = "";
	int r = listener_open(&s->listener, list, &options, &failed, &step);

	address_list_fini(list);
	if (r < 0)
		return fail_listen(s, &failed, step, r);
	start_listening(s);
	return 0;
}

static int fail_lookup(struct server *s, int code, int error)
{
	int status = lookup_is_not_found(code) ? STATUS_NOT_FOUND : STATUS_NAME_SERVICE;

	report_error(&s->app->out, status, s->config->place.name,
		code == EAI_SYSTEM && error ? NULL : gai_strerror(code),
		code == EAI_SYSTEM ? error : 0);
	app_fail_quietly(s->app, status);
	end(s);
	return status;
}

static void on_lookup(void *data, int code, int error, struct address_list list)
{
	struct server *s = data;

	s->lookup = NULL;
	if (code)
		fail_lookup(s, code, error);
	else
		listen_on(s, &list);
}

static int listen_inet(struct server *s)
{
	const struct listen_config *c = s->config;
	struct addrinfo hints = {
		.ai_family = c->ipv4   ? AF_INET
			     : c->ipv6 ? AF_INET6
				       : AF_UNSPEC,
		.ai_socktype = SOCK_STREAM,
		.ai_flags = AI_PASSIVE |
			    (is_port_number(c->place.service, 0) ? AI_NUMERICSERV : 0) |
			    (c->numeric ? AI_NUMERICHOST : 0),
	};
	struct address_list list;
	int code;
	int error;

	if (lookup_numeric(
		    c->place.host, c->place.service, hints.ai_family, AI_PASSIVE, &code, &list))
		return code ? fail_lookup(s, code, 0) : listen_on(s, &list);
	s->lookup = lookup_start(
		&s->app->loop, c->place.host, c->place.service, &hints, on_lookup, s, &error);
	return s->lookup ? 0 : app_fail(s->app, STATUS_LOCAL, c->place.name, error);
}

static int listen_unix(struct server *s)
{
	struct listener_options options = options_of(s);
	const char *step = "";
	int r = listener_open_unix(&s->listener, &s->config->place.unix_address, &options, &step);

	if (r < 0)
		return fail_listen(s, &s->config->place.unix_address, step, r);
	start_listening(s);
	return 0;
}

// A listening socket is accepted from; a connected one is the connection.
static int listen_fd(struct server *s)
{
	const struct place *p = &s->config->place;
	struct fd_info info;

	fd_inspect(p->fd, &info);
	if (info.kind != FD_SOCKET)
		return app_fail(
			s->app, STATUS_CONNECT, p->name, info.kind == FD_BAD ? -EBADF : -ENOTSOCK);
	if (listener_adopt(&s->listener, p->fd) == 0)
		start_listening(s);
	else
		start_client(s, p->fd, false);
	return 0;
}

static int start(struct server *s)
{
	switch (s->config->place.kind) {
	case PLACE_UNIX:
		return listen_unix(s);
	case PLACE_FD:
		return listen_fd(s);
	default:
		return listen_inet(s);
	}
}

static void fini(struct server *s)
{
	listener_close(&s->listener);
	list_for_each (it, &s->clients)
		free_client(list_entry(it, struct client, link));
	if (s->serves_many)
		hub_fini(&s->hub);
	endpoint_fini(&s->local);
}

static int run(struct app *app, void *config, int argc, char **argv)
{
	struct server s = {.app = app, .config = config};
	int r = 0;

	(void)argc;
	(void)argv;
	list_init(&s.clients);
	if (stream_open_files(app, &s.config->stream, &s.files) ||
		sockopt_config_parse(app, &s.config->sockopt, &s.settings) || !app_loop(app))
		goto out;
	s.serves_many = s.config->keep_open || s.config->count > 1;
	listener_init(&s.listener, &app->loop, on_accept, on_trouble, &s);
	app->on_stop = on_stop;
	app->stop_arg = &s;
	app_set_deadline(app, s.config->stream.timeout_ms);
	if (s.serves_many)
		r = hub_init(&s.hub, &app->loop, s.files.in, s.files.out, on_hub_failed, on_behind,
			on_drained, &s);
	if (r < 0)
		app_fail(app, STATUS_LOCAL, s.files.in_name, r);
	else if (start(&s) == 0)
		app_run(app);
	fini(&s);
out:
	sockopt_settings_fini(&s.settings);
	return app->status;
}

const struct cmd cmd_listen = {
	.name = "listen",
	.summary = "Wait for connections and join them to stdin and stdout",
	.operands = "[HOST] PORT",
	.min_operands = 1,
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
