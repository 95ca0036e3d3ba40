// SPDX-License-Identifier: ISC
#include "datagram/recv.h"

#include "base/mem.h"
#include "datagram/receiving.h"
#include "net/dgram/error_queue.h"
#include "out/progress.h"
#include "sys/socket.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define ROUNDS 16 // batches per turn before others get theirs
#define REST_MS 1
#define OVERHEAD 1024 // bytes that the kernel adds to each datagram in its buffers, or less
#define REST_LEAST 5 // datagrams that a rest must be expected to bring

static void add_received(struct str *doing, uint64_t count)
{
	str_add(doing, "with ");
	str_add_count(doing, count, "datagrams");
	str_add(doing, " received");
}

static void on_stop(void *arg, int signal, struct str *doing)
{
	struct receiving *r = arg;

	(void)signal;
	progress_line_end(&r->progress_line);
	if (!r->sources) {
		str_addf(doing, "looking up %s", r->opening.endpoint->name);
	} else {
		str_add(&r->app->stop_object, r->config->endpoint.name);
		add_received(doing, r->stats.received);
	}
}

static bool is_busy(const struct receiving *r)
{
	return printer_is_busy(&r->printer) || answers_are_waiting(&r->batch);
}

// Receives nothing while the last batch is under way: what comes meanwhile waits in the kernel.
static void want(struct receiving *r)
{
	// What waits in the error queue is announced as an error, and else nothing is wanted.
	bool reads = !is_busy(r) && !timer_is_running(&r->rest) &&
		     !(r->config->datagram.recv_flags & MSG_ERRQUEUE);

	for (size_t i = 0; i < r->bound.count; i++) {
		struct source *s = &r->sources[i];
		bool writes = s == r->current && answers_are_waiting(&r->batch);

		watch_want(&s->watch, (reads ? WATCH_READ : 0u) | (writes ? WATCH_WRITE : 0u));
	}
}

static void finish_if_full(struct receiving *r)
{
	if (printer_is_full(&r->printer) && !is_busy(r))
		app_stop(r->app);
}

static void on_written(void *data)
{
	struct receiving *r = data;

	finish_if_full(r);
	want(r);
}

static void on_datagram(void *data, const struct datagram *d, const struct received *m)
{
	struct receiving *r = data;
	const struct iovec *answer = &r->config->answer;

	if (answer->iov_base)
		answers_add(&r->batch, m, answer->iov_base, answer->iov_len);
	else
		answers_add(&r->batch, m, d->data, d->len);
}

// Connects to the first source, which is the only one that counts from now on.
static void lock_to_peer(struct receiving *r, struct source *s)
{
	struct str name = {0};
	const struct bound_socket *b = &r->bound.sockets[s - r->sources];
	int error = sys_connect(s->fd, &s->peer.sa, s->peer.len);

	if (error == 0 && !b->is_inherited && r->type == SOCK_DGRAM)
		error_queue_open(s->fd);

	str_add_sockaddr(&name, &s->peer.sa, s->peer.len);
	if (error < 0) {
		app_fail(r->app, STATUS_CONNECT, str_c(&name), error);
		app_stop(r->app);
	} else {
		report(&r->app->out, &ev_connected_datagrams, F_ADDR("remote", &s->peer));
	}
	str_fini(&name);
}

static void fail_to_receive(struct receiving *r, struct source *s, int error)
{
	const struct sockaddr_any *a = s->peer.len ? &s->peer : &r->bound.sockets[0].local;
	struct str name = {0};

	str_add_sockaddr(&name, &a->sa, a->len);
	datagram_fail(r->app, STATUS_BROKEN, str_c(&name), s->fd, error);
	app_stop(r->app);
	str_fini(&name);
}

// No other owner can do that to a socket of ours.
static void fail_if_shut(struct receiving *r, const struct source *s)
{
	const struct bound_socket *b = &r->bound.sockets[s - r->sources];
	struct str name = {0};

	if (!b->is_inherited || !receiver_is_shut(s->fd))
		return;
	str_add_sockaddr(&name, &b->local.sa, b->local.len);
	app_failf(r->app, STATUS_BROKEN, str_c(&name), "another process has shut the socket down");
	app_stop(r->app);
	str_fini(&name);
}

// The system has no memory to hand the datagrams out with: they wait.
static void rest(struct receiving *r, int error)
{
	if (!r->is_short)
		report(&r->app->out, &ev_paused_datagrams, F_STR("reason", strerror(-error)),
			F_STR("errno", strerrorname_np(-error)));
	r->is_short = true;
	timer_start(&r->rest, RECEIVER_SHORTAGE_MS);
}

// Receives a batch. Returns whether more may be there.
static bool receive(struct receiving *r, struct source *s)
{
	bool locks = r->config->datagram.connected;
	bool is_new = locks && !s->peer.len;
	int n;

	r->current = s;
	if (r->type == SOCK_DGRAM)
		r->printer.port = sockaddr_port(&r->bound.sockets[s - r->sources].local);
	n = printer_receive(
		&r->printer, s->fd, locks ? &s->peer : NULL, s->peer.len ? &s->peer : NULL);
	if (n == -ENOBUFS || n == -ENOMEM)
		rest(r, n);
	else if (n == -EAGAIN)
		fail_if_shut(r, s);
	else if (n < 0 && n != -EINTR)
		fail_to_receive(r, s, n);
	if (n <= 0)
		return n == -EINTR;
	r->is_short = false;
	if (is_new && s->peer.len)
		lock_to_peer(r, s);
	if (r->is_answering)
		answers_send(&r->batch, s->sender, &s->peer);
	return r->printer.receiver.is_full;
}

// Waking up costs as much as many datagrams. Where they come often and one by one, and leave room
// for those of a rest, it is better to let some gather.
static bool should_rest(const struct receiving *r, const struct datagram_stats *before)
{
	uint64_t elapsed = r->stats.ended - r->woken;
	uint64_t rest = REST_MS * 1000000;
	uint64_t datagrams = r->stats.received - before->received;
	uint64_t bytes = r->stats.received_bytes - before->received_bytes;

	return !r->is_answering && !r->printer.is_coalesced && r->woken && elapsed &&
	       datagrams * rest / elapsed >= REST_LEAST &&
	       (bytes * 2 + datagrams * OVERHEAD) * rest / elapsed < r->room;
}

// Receives what is there, within bounds.
static void receive_all(struct receiving *r, struct source *s)
{
	struct datagram_stats before = r->stats;

	for (int i = 0; i < ROUNDS && !is_busy(r) && !r->app->stopping; i++) {
		if (printer_is_full(&r->printer) || !receive(r, s))
			break;
	}
	if (r->stats.received == before.received)
		return;
	if (should_rest(r, &before))
		timer_start(&r->rest, REST_MS);
	r->woken = r->stats.ended;
}

static void on_socket(struct watch *w, unsigned events)
{
	struct source *s = w->data;
	struct receiving *r = s->receiving;
	bool is_awaited = r->config->datagram.recv_flags & MSG_ERRQUEUE;
	int error = 0;

	if (events & WATCH_ERROR && s->peer.len && !is_awaited)
		error = sys_socket_error(s->fd); // of an ICMP message

	if (error) {
		fail_to_receive(r, s, error);
		return;
	}
	if (events & WATCH_WRITE && s == r->current)
		answers_send(&r->batch, s->sender, &s->peer);
	receive_all(r, s);
	finish_if_full(r);
	want(r);
}

static void on_rested(void *data)
{
	struct receiving *r = data;

	for (size_t i = 0; i < r->bound.count; i++)
		receive_all(r, &r->sources[i]);
	finish_if_full(r);
	want(r);
}

// All that the kernel dropped while we ran.
static uint64_t count_drops(const struct receiving *r)
{
	uint64_t total = 0;

	for (size_t i = 0; r->sources && i < r->bound.count; i++) {
		uint32_t drops;

		if (receiver_drops(r->sources[i].fd, &drops))
			total += drops - r->sources[i].first_drops;
	}
	return total;
}

static int start_source(struct receiving *r, struct source *s, const struct bound_socket *b)
{
	int error;

	s->receiving = r;
	s->fd = b->fd;
	if (b->is_inherited)
		receiver_drops(b->fd, &s->first_drops);
	if (r->is_answering) {
		s->sender = xcalloc(1, sizeof(*s->sender));
		sender_init(s->sender, s->fd, b->local.sa.sa_family != AF_UNIX,
			r->config->datagram.send_flags);
	}
	r->room = MIN(r->room, receiver_buffer(s->fd) / 8);
	error = watch_init(&s->watch, &r->app->loop, s->fd,
		WATCH_DATAGRAM | (b->is_inherited ? WATCH_SHARED : 0u), on_socket, s);
	if (error < 0)
		return app_fail(r->app, STATUS_CONNECT, r->config->endpoint.name, error);
	sockopt_config_report(r->app, &r->config->sockopt, s->fd);
	return 0;
}

static void report_listening(struct receiving *r, const struct sockaddr_any *local)
{
	struct str host = {0};

	if (r->type != SOCK_RAW) {
		report(&r->app->out, &ev_listening, F_ENDPOINT("local", local));
		return;
	}
	str_add_sockaddr_host(&host, &local->sa, local->len);
	report(&r->app->out, &ev_listening_raw, F_STR("address", str_c(&host)),
		F_UINT("protocol_number", r->protocol));
	str_fini(&host);
}

static void add_progress(const void *data, uint64_t elapsed, struct str *line)
{
	const struct receiving *r = data;

	progress_add_count(line, "datagrams", r->stats.received, r->printer.limit, elapsed);
	str_add(line, ", ");
	str_add_bytes(line, (double)r->stats.received_bytes);
	if (r->is_answering)
		str_addf(line, ", %" PRIu64 " answered", r->stats.sent);
}

static int confine_receiving(struct receiving *r)
{
	struct sandbox sandbox = {.needs = printer_sandbox_needs(r->printer.framing)};
	const struct endpoint *p;
	int status;

	bind_add_paths(&r->bound, &sandbox.unlink);
	if (r->config->datagram.connected)
		sandbox.needs |= SANDBOX_CONNECT;
	for (size_t i = 0; (p = also_place(&r->config->endpoint, &r->config->also, i)); i++)
		if (p->kind != ENDPOINT_INET) // whose peers may have such names
			sandbox.needs |= SANDBOX_ABSTRACT;
	status = confine(r->app, &r->config->confine, &sandbox);
	strlist_fini(&sandbox.unlink);
	return status;
}

static int start(struct receiving *r)
{
	int status;

	status = printer_init(&r->printer);
	if (status)
		return status;
	r->sources = xcalloc(r->bound.count, sizeof(*r->sources));
	r->room = UINT64_MAX;
	timer_init(&r->rest, &r->app->loop, on_rested, r);
	for (size_t i = 0; !status && i < r->bound.count; i++)
		status = start_source(r, &r->sources[i], &r->bound.sockets[i]);
	if (!status)
		status = confine_receiving(r);
	for (size_t i = 0; !status && i < r->bound.count; i++)
		report_listening(r, &r->bound.sockets[i].local);
	if (!status)
		progress_line_start(
			&r->progress_line, r->app, r->config->datagram.progress, add_progress, r);
	want(r);
	return status;
}

static enum framing framing_of(const struct recv_config *c)
{
	return c->hex                           ? FRAMING_HEX
	       : c->common.json                 ? FRAMING_JSON
	       : c->block || c->raw || c->whole ? FRAMING_BLOCK
						: FRAMING_LINE;
}

// Says at the end what is missing, and then all in all.
static void report_end(struct receiving *r)
{
	struct datagram_stats *s = &r->stats;

	s->dropped = count_drops(r);
	datagram_report_drops(r->app, r->config->endpoint.name, s);
	datagram_report_truncated(r->app, r->config->endpoint.name, s);
	answers_report_failures(&r->batch);
	if (s->refused)
		report(&r->app->out, &ev_denied, F_UINT("refused", s->refused));
	datagram_report(r->app, &r->config->datagram, s, r->is_answering, true);
}

static void fini(struct receiving *r)
{
	struct str left = {0};
	int error;

	for (size_t i = 0; r->sources && i < r->bound.count; i++) {
		watch_fini(&r->sources[i].watch);
		if (r->sources[i].sender)
			sender_fini(r->sources[i].sender);
		free(r->sources[i].sender);
	}
	free(r->sources);
	timer_fini(&r->rest);
	printer_fini(&r->printer);
	for (size_t i = 0; i < r->loan_count; i++)
		loan_end(&r->loans[i]);
	free(r->loans);
	error = bind_close(&r->bound, &left);
	app_fail_leftover(r->app, str_c(&left), error);
	str_fini(&left);
	answers_fini(&r->batch);
	groups_fini(&r->groups);
}

int recv_run(struct app *app, struct recv_config *config, int type, int protocol)
{
	struct receiving r = {
		.app = app, .config = config, .type = type, .protocol = protocol, .on_open = start};
	int status;

	r.is_answering = config->answer.iov_base || config->echo;
	r.printer = (struct printer){
		.app = app,
		.framing = framing_of(config),
		.room = (size_t)config->buffer,
		.limit = config->whole ? 1 : config->count,
		.flags = config->datagram.recv_flags,
		.is_raw = type == SOCK_RAW,
		.keep_header = config->header,
		.on_datagram = r.is_answering ? on_datagram : NULL,
		.on_written = on_written,
		.data = &r,
		.access = &config->access,
		.stats = &r.stats,
	};
	r.batch = (struct answers){.app = app, .bound = &r.bound, .stats = &r.stats};
	if (sockopt_config_parse(app, &config->sockopt, &r.settings) || !app_loop(app))
		goto out;
	app->on_stop = on_stop;
	app->stop_arg = &r;
	app_set_deadline(app, config->datagram.timeout_ms);
	status = receiving_open(&r);
	if (status)
		app_fail_quietly(app, status);
	else
		app_run(app);
	progress_line_end(&r.progress_line);
	if (r.sources)
		report_end(&r);
out:
	fini(&r);
	sockopt_settings_fini(&r.settings);
	return app->status;
}
