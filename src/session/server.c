// SPDX-License-Identifier: ISC
#include "session/server.h"

#include "base/mem.h"
#include "io/fd.h"
#include "net/activation.h"
#include "sys/trace.h"
#include "tls/channel.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define MOST_ARRIVING 1024
#define HANDSHAKE_MS 10000 // unless the user says
#define RESERVE 12 // descriptors kept for what a connection needs besides its own
#define RETRY_MS 100
#define SAY_AGAIN_NS 60000000000ull

static void on_accept(struct listener *l, int fd, const struct sockaddr_any *peer);
static void on_arrived(struct arrival *a);
static void on_arrival_failed(struct arrival *a, const char *reason);
static void on_room(struct arriving *a);
static void on_retry(void *data);
static void on_drain(void *arg);

static void say_full(struct server *s, int error)
{
	uint64_t now = trace_now();

	if (s->said_full && now - s->said_full < SAY_AGAIN_NS)
		return;
	s->said_full = now;
	report(&s->app->out, &ev_paused, F_STR("reason", listener_strerror(error)),
		F_STR("errno", strerrorname_np(-error)), F_UINT("connections", s->open));
}

static void on_trouble(struct listener *l, int error)
{
	say_full(l->data, error);
}

// Half of the descriptors at most: the others are for those who have arrived.
static void init_arriving(struct server *s)
{
	const struct arriving_options options = {
		.loop = &s->app->loop,
		.accepts_proxy = s->config->accept_proxy.accept,
		.tls = s->config->tls.tls ? &s->tls.plan : NULL,
		.limit_ms = s->config->handshake_ms ? s->config->handshake_ms : HANDSHAKE_MS,
		.most = MIN((size_t)MOST_ARRIVING, (size_t)MAX(s->descriptor_limit / 2, 1)),
		.arrived = on_arrived,
		.failed = on_arrival_failed,
		.has_room = on_room,
		.data = s,
	};

	arriving_init(&s->arriving, &options);
}

static void on_stop(void *arg, int signal, struct str *doing)
{
	struct server *s = arg;

	list_for_each (it, &s->clients) {
		struct client *c = list_entry(it, struct client, link);

		if (s->mode->stop)
			s->mode->stop(c, signal);
		if (s->mode->report_totals)
			s->mode->report_totals(c);
	}
	if (!list_empty(&s->clients)) {
		s->mode->add_doing(list_entry(s->clients.next, struct client, link), doing);
	} else {
		str_add(&s->app->stop_object,
			s->config->activated > 0 ? "" : s->config->endpoint.name);
		str_add(doing, "waiting for a connection");
	}
}

int server_init(struct server *s, struct app *app, const struct listen_config *config,
	const struct serve_mode *mode)
{
	int status;

	assert(mode->client_size >= sizeof(struct client));
	*s = (struct server){.app = app, .config = config, .mode = mode, .given = -1};
	list_init(&s->clients);
	list_init(&s->waiting);
	s->serves_many = config->keep_open || config->count > 1;
	rotation_init(&s->rotation, app);
	if (s->serves_many)
		mem_keep_little();
	s->descriptor_limit = fd_raise_limit();
	status = sockopt_config_parse(app, &config->sockopt, &s->settings);
	if (status || !app_loop(app))
		return app->status;
	listener_init(&s->listener, &app->loop, on_accept, on_trouble, s);
	init_arriving(s);
	timer_init(&s->retry, &app->loop, on_retry, s);
	app->on_stop = on_stop;
	app->on_drain = on_drain;
	app->drain_ms = config->listening.drain_ms;
	app->stop_arg = s;
	app_set_deadline(app, config->stream.timeout_ms);
	s->target_config = tls_server_target(&config->tls);
	if (config->forward && tls_setup_init(&s->target_tls, app, &s->target_config,
				       &config->target, false, true))
		return app->status;
	return mode->init(s);
}

static void close_sockets(struct server *s)
{
	struct str left = {0};
	int r = listener_close(&s->listener, &left);

	app_fail_leftover(s->app, str_c(&left), r);
	str_fini(&left);
}

// Others are refused from now on. Who sends datagrams is served by the socket that is bound.
static void close_listener(struct server *s)
{
	if (s->config->udp.is_wanted)
		peers_close(&s->peers);
	else
		close_sockets(s);
}

void server_end(struct server *s)
{
	close_listener(s);
	app_stop(s->app);
}

// True if the user wants no more connections than have been accepted.
static bool is_enough(const struct server *s)
{
	return !s->serves_many || (s->config->count && s->accepted == s->config->count);
}

// True if nobody else is to be accepted.
static bool is_last(const struct server *s)
{
	return s->is_draining || is_enough(s);
}

// Who is still arriving counts where the server drains: each has been accepted.
static bool is_empty(const struct server *s)
{
	return s->open == 0 && !(s->is_draining && s->arriving.count);
}

void server_end_if_done(struct server *s)
{
	if (is_last(s) && is_empty(s) && !(s->mode->is_busy && s->mode->is_busy(s)))
		server_end(s);
}

static void end_accepting(struct server *s)
{
	close_listener(s); // rather than leave others to wait in vain
	if (s->mode->complete)
		s->mode->complete(s);
}

static bool has_room(const struct server *s)
{
	uint64_t most = s->config->listening.max_connections;

	return (!most || s->open < most) && list_empty(&s->waiting) && !s->short_of_descriptors &&
	       arriving_has_room(&s->arriving);
}

// Accepts while there is room.
static void pause_or_resume(struct server *s)
{
	struct listener *l = &s->listener;
	bool may_accept = has_room(s);

	if (!may_accept && !l->paused)
		listener_pause(l);
	else if (may_accept && (l->paused || l->troubled))
		listener_resume(l);
}

static void update_listening(struct server *s)
{
	if (is_last(s))
		end_accepting(s);
	else if (s->config->udp.is_wanted)
		s->peers.is_full = s->short_of_descriptors;
	else
		pause_or_resume(s);
}

static void say_stopping(struct server *s)
{
	if (s->is_ready)
		activation_notify("STOPPING=1");
	s->is_ready = false;
}

static void on_drain(void *arg)
{
	struct server *s = arg;

	listener_accept_waiting(&s->listener);
	s->is_draining = true;
	say_stopping(s);
	update_listening(s);
	app_report_draining(s->app, s->open + s->arriving.count);
	server_end_if_done(s);
}

static void begin_waiting(struct client *c)
{
	struct server *s = c->server;

	list_remove(&c->link);
	list_append(&s->waiting, &c->link);
	s->waiting_count += !c->is_waiting;
	c->is_waiting = true;
}

static void stop_waiting(struct client *c)
{
	c->server->waiting_count -= c->is_waiting;
	c->is_waiting = false;
}

static void free_client(struct client *c)
{
	struct server *s = c->server;

	s->mode->fini_client(c);
	channel_destroy(c->channel);
	stop_waiting(c);
	list_remove(&c->link);
	tally_remove(&s->tally, &c->connection.remote);
	connection_fini(&c->connection);
	free(c);
	s->open--;
}

// A server that goes on does not end with the failure of one client.
static void note_failure(struct server *s, int status)
{
	if (!s->serves_many || s->config->count)
		app_fail_quietly(s->app, status);
}

void client_done(struct client *c, int status)
{
	struct server *s = c->server;

	note_failure(s, status);
	free_client(c);
	s->short_of_descriptors = false;
	if (!list_empty(&s->waiting))
		timer_start(&s->retry, 0);
	update_listening(s);
	server_end_if_done(s);
}

bool client_may_wait(const struct client *c, int error)
{
	bool is_exhaustion = error == -EMFILE || error == -ENFILE || error == -ENOBUFS ||
			     error == -ENOMEM || error == -EAGAIN;

	return is_exhaustion && c->server->serves_many;
}

void client_wait(struct client *c, int error)
{
	struct server *s = c->server;

	begin_waiting(c);
	say_full(s, error);
	timer_start(&s->retry, RETRY_MS);
	update_listening(s);
}

// It cannot be served, which has been said.
static void turn_away(struct client *c, int status)
{
	connection_report_closed(
		&c->connection, &(struct connection_end){.how = "not served", .status = status});
	client_done(c, status);
}

void client_fail(struct client *c, int error)
{
	if (client_may_wait(c, error))
		client_wait(c, error);
	else
		turn_away(c, connection_report_error(&c->connection, STATUS_LOCAL, NULL, error));
}

// True if one more may be served at once, besides those who wait.
static bool has_slot(const struct server *s)
{
	uint64_t most = s->config->listening.max_connections;

	return !most || s->open - s->waiting_count < most;
}

static void start_client(struct client *c)
{
	int r = c->server->mode->start(c);

	if (r < 0)
		client_fail(c, r);
}

static void on_retry(void *data)
{
	struct server *s = data;
	uint64_t tries = s->open;

	while (!list_empty(&s->waiting) && !timer_is_running(&s->retry) && tries-- > 0 &&
		has_slot(s)) {
		struct client *c = list_entry(s->waiting.next, struct client, link);

		list_remove(&c->link);
		list_append(&s->clients, &c->link);
		stop_waiting(c);
		start_client(c);
	}
	update_listening(s);
}

// Sets the options that need a connection, and says the values that were asked for. Returns 0, or
// the status after a message.
static int complete_client(struct client *c)
{
	struct server *s = c->server;
	struct reporter *out = &s->app->out;
	const struct sockaddr_any *remote = &c->connection.remote;
	int fd = channel_socket(c->channel);
	int r = sockopt_settings_complete(&s->settings, fd);
	struct str name = {0};
	int status = 0;

	if (r < 0) {
		str_add_sockaddr(&name, &remote->sa, remote->len);
		status = sockopt_say(out, str_c(&name), &s->settings, r);
		str_fini(&name);
	} else {
		note_failure(s, sockopt_config_say(out, &s->config->sockopt, fd));
	}
	return status;
}

static void add_client(struct server *s, struct channel *channel, const struct sockaddr_any *remote,
	const struct proxy_header *announced)
{
	struct client *c = xcalloc(1, s->mode->client_size);
	bool may_start = has_slot(s);
	int status;

	c->server = s;
	c->channel = channel;
	s->accepted++;
	s->open++;
	connection_init(&c->connection, s->app, s->accepted, remote);
	if (announced)
		connection_announce(&c->connection, announced);
	c->connection.is_one_of_many = s->serves_many;
	c->connection.wants_paths = s->config->mptcp.is_wanted;
	list_append(&s->clients, &c->link);
	tally_add(&s->tally, &c->connection.remote);
	connection_report_accepted(&c->connection, channel_socket(channel), announced);
	if (s->tls.context)
		tls_report_served(s->app, s->accepted, channel_tls(channel));
	status = complete_client(c);
	if (status)
		turn_away(c, status);
	else if (may_start)
		start_client(c);
	else
		begin_waiting(c);
}

// Returns NULL if the peer is to be served, or why not.
static const char *refusal(const struct server *s, const struct sockaddr_any *peer)
{
	const struct listen_config *c = s->config;

	if (c->max_per_address && tally_count(&s->tally, peer) >= c->max_per_address)
		return "its address has enough connections";
	return access_refusal(&c->listening.access, peer);
}

// Looks whether another client could be served, before it is accepted only to wait.
static void check_descriptors(struct server *s)
{
	uint64_t each = 1 + (uint64_t)s->mode->descriptors;
	uint64_t needed = (uint64_t)s->descriptors + RESERVE + (s->open + 1) * each;

	if (!s->serves_many || needed <= (uint64_t)s->descriptor_limit)
		return;
	s->short_of_descriptors = true;
	say_full(s, -EMFILE);
}

static void report_refused(struct server *s, const struct sockaddr_any *peer, const char *reason)
{
	report(&s->app->out, &ev_refused, F_ADDR("remote", peer), F_SAFE("reason", reason));
}

// Says that the client is not served, which is a failure with STATUS if there was this one only: an
// inherited connection.
static void refuse(
	struct server *s, const struct sockaddr_any *peer, const char *reason, int status)
{
	report_refused(s, peer, reason);
	if (s->is_draining || s->listener.count || s->open)
		return;
	app_failf(s->app, status, s->config->endpoint.name, "%s", reason);
	server_end(s);
}

static void serve(struct server *s, struct channel *channel, const struct sockaddr_any *peer,
	const struct proxy_header *announced)
{
	const struct sockaddr_any *remote = announced ? &announced->source : peer;
	const char *reason = refusal(s, remote);

	if (reason) {
		channel_destroy(channel);
		refuse(s, remote, reason, STATUS_BROKEN);
		return;
	}
	add_client(s, channel, peer, announced);
	check_descriptors(s);
	update_listening(s);
}

static void on_arrived(struct arrival *a)
{
	struct server *s = a->arriving->options.data;
	const struct proxy_header *h = &a->header;

	if (is_enough(s) && s->accepted)
		report_refused(s, &a->peer, "another has come before it");
	else
		serve(s, arrival_take(a), &a->peer, h->is_local || !h->source.len ? NULL : h);
	if (s->is_draining)
		server_end_if_done(s);
}

static void on_arrival_failed(struct arrival *a, const char *reason)
{
	struct server *s = a->arriving->options.data;
	enum upgrade_failure failure = upgrade_chain_outcome(a->chain)->failure;

	refuse(s, &a->peer, reason, failure == UPGRADE_TLS ? STATUS_TLS : STATUS_BROKEN);
	if (s->is_draining)
		server_end_if_done(s);
}

static void on_room(struct arriving *a)
{
	struct server *s = a->options.data;

	if (!s->listener.closed)
		pause_or_resume(s);
}

void server_take(struct server *s, struct channel *channel, const struct sockaddr_any *peer)
{
	const char *reason;

	assert(channel_socket(channel) >= 0);
	if (!arriving_is_needed(&s->arriving)) {
		serve(s, channel, peer, NULL);
		return;
	}
	reason = access_refusal(&s->config->accept_proxy.senders, peer);
	if (!reason) {
		arriving_add(&s->arriving, channel, peer);
		on_room(&s->arriving);
		return;
	}
	channel_destroy(channel);
	refuse(s, peer, reason, STATUS_BROKEN);
}

static void on_accept(struct listener *l, int fd, const struct sockaddr_any *peer)
{
	struct server *s = l->data;

	server_take(s, channel_create_socket(&s->app->loop, fd, true), peer);
}

void server_fini(struct server *s)
{
	struct list *lists[] = {&s->clients, &s->waiting};

	arriving_fini(&s->arriving);
	say_stopping(s);
	udp_report(s->app, s->config->endpoint.name, &s->peers);
	close_listener(s);
	for (size_t i = 0; i < ARRAY_SIZE(lists); i++)
		list_for_each (it, lists[i])
			free_client(list_entry(it, struct client, link));
	peers_fini(&s->peers);
	close_sockets(s);
	if (s->mode_data)
		s->mode->fini(s);
	tls_serving_fini(&s->tls);
	tls_setup_fini(&s->target_tls);
	timer_fini(&s->retry);
	tally_fini(&s->tally);
	sockopt_settings_fini(&s->settings);
}
