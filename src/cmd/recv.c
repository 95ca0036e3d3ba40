// SPDX-License-Identifier: ISC
#include "cmd/recv.h"

#include "base/mem.h"
#include "cmd/printer.h"
#include "io/timer.h"
#include "net/bound.h"
#include "net/datagram.h"
#include "net/multicast.h"
#include "net/sender.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define ROUNDS 16 // batches per turn before others get theirs
#define REST_MS 1
#define OVERHEAD 1024 // bytes that the kernel adds to each datagram in its buffers, or less
#define REST_LEAST 5 // datagrams that a rest must be expected to bring
#define UNIX_ROOM ((size_t)256 << 10) // more than a send buffer of the usual size lets pass

struct receiving;

// One of the sockets.
struct source {
	struct receiving *receiving;
	int fd;
	struct watch watch;
	struct sender *sender; // for answers; NULL without
	struct sockaddr_any peer; // the only one that counts once len is not 0
	uint32_t first_drops; // of an inherited socket
	uint32_t drops; // as the datagrams told
};

// One run of the command.
struct receiving {
	struct app *app;
	struct recv_config *config;
	int type, protocol;
	struct sockopt_settings settings;
	struct membership *memberships;
	size_t membership_count;
	struct place_lookup lookup;
	struct bound bound;
	struct source *sources;
	struct printer printer;
	struct datagram_stats stats;
	bool answers;
	bool has_gro;

	struct timer rest; // while it runs, datagrams gather in the kernel
	uint64_t room; // bytes that they may take there
	uint64_t woken; // trace_now(); when datagrams were received last

	// Answers to the batch at hand, all by one socket.
	struct source *current;
	struct send_item *answer;
	size_t answer_count, answer_size, answered;
};

static const struct event ev_listening = {"listening", REPORT_NORMAL, "listening on {local}"};
static const struct event ev_raw = {
	"listening", REPORT_NORMAL, "listening on {address} for protocol {protocol}"};
static const struct event ev_connected = {
	"connected", REPORT_VERBOSE, "only {remote} counts from now on"};
static const struct event ev_not_answered = {
	"ignored", REPORT_VERBOSE, "{remote} is not answered: a reflector, or a socket of our own"};

static void on_stop(void *arg, struct str *doing)
{
	struct receiving *r = arg;

	if (!r->sources)
		str_addf(doing, "looking up %s", r->config->place.name);
	else
		str_addf(doing, "with %" PRIu64 " datagrams received", r->stats.received);
}

static bool is_busy(const struct receiving *r)
{
	return printer_is_busy(&r->printer) || r->answered < r->answer_count;
}

// Receives nothing while the last batch is under way: what comes meanwhile waits in the kernel.
static void want(struct receiving *r)
{
	bool reads = !is_busy(r) && !timer_is_running(&r->rest);

	for (size_t i = 0; i < r->bound.count; i++) {
		struct source *s = &r->sources[i];
		bool writes = s == r->current && r->answered < r->answer_count;

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

// Ports whose services answer whatever comes: two of them never end (RFC 862, 863, 864, 865, 867,
// 868).
static bool is_reflector(uint16_t port)
{
	static const uint16_t ports[] = {7, 13, 17, 19, 37};

	for (size_t i = 0; i < ARRAY_SIZE(ports); i++)
		if (port == ports[i])
			return true;
	return false;
}

static bool is_own(const struct receiving *r, const struct sockaddr_any *a)
{
	for (size_t i = 0; i < r->bound.count; i++)
		if (sockaddr_equal(&r->bound.sockets[i].local, a))
			return true;
	return false;
}

static bool may_answer(struct receiving *r, const struct received *m)
{
	const struct sockaddr_any *to = m->source;

	if (to->len <= sizeof(sa_family_t)) { // a Unix socket without a name
		app_failf(r->app, STATUS_BROKEN, r->config->place.name,
			"a sender has no address to answer to");
		return false;
	}
	if (!is_reflector(sockaddr_port(to)) && !is_own(r, to))
		return true;
	report(&r->app->out, &ev_not_answered, F_ADDR("remote", to));
	return false;
}

// Notes the answer to a datagram.
static void on_datagram(void *data, const struct datagram *d, const struct received *m)
{
	struct receiving *r = data;
	const char *text = r->config->reply;
	struct send_item o = {
		.to = r->current->peer.len ? NULL : m->source,
		.from = m->reply_from.len ? &m->reply_from : NULL,
	};

	if (!may_answer(r, m))
		return;
	if (text)
		o.data = (struct iovec){(void *)text, strlen(text)};
	else
		o.data = (struct iovec){(void *)d->data, d->len};
	if (r->answer_count == r->answer_size) {
		r->answer_size = MAX((size_t)RECEIVER_MESSAGES, 2 * r->answer_size);
		r->answer = xrealloc(r->answer, r->answer_size * sizeof(*r->answer));
	}
	r->answer[r->answer_count++] = o;
}

static void report_answer_failure(struct receiving *r, const struct send_item *o, int error)
{
	const struct sockaddr_any *to = o->to ? o->to : &r->current->peer;
	struct str name = {0};

	str_add_sockaddr(&name, &to->sa, to->len);
	r->stats.sent--;
	if (error == -EAGAIN)
		app_failf(r->app, STATUS_BROKEN, str_c(&name),
			"an answer was lost: it does not read them");
	else
		app_fail(r->app, STATUS_BROKEN, str_c(&name), error);
	str_fini(&name);
}

// Sends the answers that are noted, as far as they go.
static void send_answers(struct receiving *r)
{
	while (r->answered < r->answer_count) {
		const struct send_item *o = &r->answer[r->answered];
		int n = sender_send(r->current->sender, o, r->answer_count - r->answered);

		// A Unix socket cannot wait for a receiver that is full, and must not for one that
		// never reads.
		if ((n == -EAGAIN && o->to && o->to->sa.sa_family != AF_UNIX) || n == -ENOBUFS)
			break;
		if (n < 0) { // the failure of one is not that of the others
			report_answer_failure(r, o, n);
			n = 1;
		}
		for (int i = 0; i < n; i++)
			r->stats.sent_bytes += o[i].data.iov_len;
		r->stats.sent += (uint64_t)n;
		r->answered += (size_t)n;
	}
	if (r->answered == r->answer_count)
		r->answered = r->answer_count = 0;
}

// Connects to the first source, which is the only one that counts from now on.
static void lock_to_peer(struct receiving *r, struct source *s)
{
	struct str name = {0};
	int error = datagram_connect(s->fd, &s->peer);

	str_add_sockaddr(&name, &s->peer.sa, s->peer.len);
	if (error < 0) {
		app_fail(r->app, STATUS_CONNECT, str_c(&name), error);
		app_stop(r->app);
	} else {
		report(&r->app->out, &ev_connected, F_ADDR("remote", &s->peer));
	}
	str_fini(&name);
}

static void fail_to_receive(struct receiving *r, struct source *s, int error)
{
	const struct sockaddr_any *a = s->peer.len ? &s->peer : &r->bound.sockets[0].local;
	struct str name = {0};

	str_add_sockaddr(&name, &a->sa, a->len);
	app_fail(r->app, STATUS_BROKEN, str_c(&name), error);
	app_stop(r->app);
	str_fini(&name);
}

// Receives a batch. Returns whether more may be there.
static bool receive(struct receiving *r, struct source *s)
{
	bool locks = r->config->datagram.connected;
	bool is_new = locks && !s->peer.len;
	int n;

	r->current = s;
	n = printer_receive(&r->printer, s->fd, locks ? &s->peer : NULL);
	if (n < 0 && n != -EAGAIN && n != -EINTR)
		fail_to_receive(r, s, n);
	if (n <= 0)
		return n == -EINTR;
	if (is_new)
		lock_to_peer(r, s);
	send_answers(r);
	return n == (int)r->printer.receiver.capacity;
}

// Waking up costs as much as many datagrams. Where they come often and one by one, and leave room
// for those of a rest, it is better to let some gather.
static bool should_rest(const struct receiving *r, const struct datagram_stats *before)
{
	uint64_t elapsed = r->stats.ended - r->woken;
	uint64_t rest = REST_MS * 1000000;
	uint64_t datagrams = r->stats.received - before->received;
	uint64_t bytes = r->stats.received_bytes - before->received_bytes;

	return !r->answers && !r->printer.is_coalesced && r->woken && elapsed &&
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
	int error = events & WATCH_ERROR && s->peer.len ? datagram_error(s->fd) : 0;

	if (error) {
		fail_to_receive(r, s, error);
		return;
	}
	if (events & WATCH_WRITE && s == r->current)
		send_answers(r);
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

static int prepare(void *data, int fd)
{
	struct receiving *r = data;
	unsigned details = printer_details(r->printer.framing);
	bool is_whole = r->printer.room == 0;

	if (r->answers)
		details |= RECEIVER_DESTINATION;
	r->has_gro = receiver_prepare(fd, details, r->type == SOCK_DGRAM && is_whole);
	return sockopt_settings_prepare(&r->settings, fd);
}

// The group joins by the first socket that can.
static int join(struct receiving *r, const struct membership *m)
{
	int error = -EAFNOSUPPORT;

	for (size_t i = 0; i < r->bound.count && error < 0; i++)
		error = membership_join(m, r->bound.sockets[i].fd);
	return error;
}

static int join_all(struct receiving *r)
{
	for (size_t i = 0; i < r->membership_count; i++) {
		int error = join(r, &r->memberships[i]);

		if (error < 0)
			return app_fail(r->app, STATUS_CONNECT, r->config->join.items[i], error);
	}
	// An address that is a group needs no --join.
	for (size_t i = 0; i < r->bound.count; i++) {
		const struct sockaddr_any *local = &r->bound.sockets[i].local;
		struct membership m;

		if (!is_multicast(local))
			continue;
		membership_of(&m, local);

		int error = membership_join(&m, r->bound.sockets[i].fd);

		if (error < 0)
			return app_fail(r->app, STATUS_CONNECT, r->config->place.name, error);
	}
	return 0;
}

static int start_source(struct receiving *r, struct source *s, const struct bound_socket *b)
{
	int error;

	s->receiving = r;
	s->fd = b->fd;
	if (b->inherited)
		receiver_drops(b->fd, &s->first_drops);
	if (r->answers) {
		s->sender = xcalloc(1, sizeof(*s->sender));
		sender_init(s->sender, s->fd, b->local.sa.sa_family != AF_UNIX);
	}
	r->room = MIN(r->room, receiver_buffer(s->fd) / 8);
	error = watch_init(&s->watch, &r->app->loop, s->fd,
		WATCH_DATAGRAM | (b->inherited ? WATCH_SHARED : 0u), on_socket, s);
	if (error < 0)
		return app_fail(r->app, STATUS_CONNECT, r->config->place.name, error);
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
	report(&r->app->out, &ev_raw, F_STR("address", str_c(&host)),
		F_UINT("protocol", r->protocol));
	str_fini(&host);
}

// The sockets are bound: everything else begins.
static int start(struct receiving *r)
{
	int status = join_all(r);

	if (r->type == SOCK_DGRAM)
		r->printer.port = sockaddr_port(&r->bound.sockets[0].local);
	if (!status)
		status = printer_init(&r->printer);
	if (status)
		return status;
	r->sources = xcalloc(r->bound.count, sizeof(*r->sources));
	r->room = UINT64_MAX;
	timer_init(&r->rest, &r->app->loop, on_rested, r);
	for (size_t i = 0; !status && i < r->bound.count; i++)
		status = start_source(r, &r->sources[i], &r->bound.sockets[i]);
	for (size_t i = 0; !status && i < r->bound.count; i++)
		report_listening(r, &r->bound.sockets[i].local);
	want(r);
	return status;
}

static struct bound_options options_of(struct receiving *r, bool reuse)
{
	return (struct bound_options){
		.type = r->type,
		.protocol = r->protocol,
		.reuse = reuse, // many may receive for a group, and only one for any other address
		.mode = (mode_t)r->config->mode,
		.interface = r->config->datagram.interface,
		.prepare = prepare,
		.prepare_data = r,
	};
}

static int fail_open(
	struct receiving *r, const struct sockaddr_any *address, const char *step, int error)
{
	if (r->settings.failed)
		return sockopt_fail(r->app, r->config->place.name, &r->settings, error);
	return datagram_fail_socket(
		r->app, &r->config->datagram, r->config->place.name, address, step, error);
}

static void on_addresses(void *data, struct address_list *list)
{
	struct receiving *r = data;
	bool reuse = r->membership_count || is_multicast(&list->items[0]);
	struct bound_options options = options_of(r, reuse);
	struct sockaddr_any failed = {0};
	const char *step = "";
	int error = bound_open(&r->bound, list, &options, &failed, &step);
	int status = error < 0 ? fail_open(r, &failed, step, error) : start(r);

	address_list_fini(list);
	if (status) {
		app_fail_quietly(r->app, status);
		app_stop(r->app);
	}
}

static int receive_on_unix(struct receiving *r)
{
	const struct sockaddr_any *a = &r->config->place.unix_address;
	struct bound_options options = options_of(r, false);
	const char *step = "";
	int error;

	if (!r->printer.room)
		r->printer.room = UNIX_ROOM;
	error = bound_open_unix(&r->bound, a, &options, &step);
	return error < 0 ? fail_open(r, a, step, error) : start(r);
}

static int receive_on_descriptor(struct receiving *r)
{
	const struct place *p = &r->config->place;
	int error = bound_adopt(&r->bound, p->fd, r->type);

	if (error == 0)
		error = prepare(r, p->fd);
	if (error < 0)
		return r->settings.failed ? fail_open(r, &r->lookup.place->unix_address, "", error)
					  : app_fail(r->app, STATUS_CONNECT, p->name, error);
	return start(r);
}

static int begin(struct receiving *r)
{
	const struct recv_config *c = r->config;

	if (c->place.kind == PLACE_UNIX)
		return receive_on_unix(r);
	if (c->place.kind == PLACE_FD)
		return receive_on_descriptor(r);
	r->lookup = (struct place_lookup){
		.app = r->app,
		.place = &c->place,
		.family = datagram_family(&c->datagram),
		.type = SOCK_DGRAM,
		.flags = AI_PASSIVE | (c->datagram.numeric ? AI_NUMERICHOST : 0),
		.cb = on_addresses,
		.data = r,
	};
	return place_lookup_start(&r->lookup);
}

static enum framing framing_of(const struct recv_config *c)
{
	return c->hex                           ? FRAMING_HEX
	       : c->common.json                 ? FRAMING_JSON
	       : c->block || c->raw || c->whole ? FRAMING_BLOCK
						: FRAMING_LINE;
}

static int parse_memberships(struct receiving *r)
{
	const struct strlist *words = &r->config->join;

	r->memberships = xcalloc(words->count, sizeof(*r->memberships));
	for (; r->membership_count < words->count; r->membership_count++) {
		const char *word = words->items[r->membership_count];
		int error = membership_parse(&r->memberships[r->membership_count], word);

		if (error == -ENODEV)
			return app_failf(
				r->app, STATUS_USAGE, word, "there is no such network interface");
		if (error < 0)
			return app_failf(r->app, STATUS_USAGE, word,
				"no multicast group; write ADDRESS[%%INTERFACE][,SOURCE]");
	}
	return 0;
}

// Says at the end what is missing, and then all in all.
static void report_end(struct receiving *r)
{
	struct datagram_stats *s = &r->stats;

	s->dropped = count_drops(r);
	if (s->dropped) // one drop for all that came as one piece
		app_failf(r->app, STATUS_BROKEN, r->config->place.name,
			"the kernel dropped %s%" PRIu64 " datagrams: the socket buffer was full",
			r->has_gro ? "at least " : "", s->dropped);
	if (s->truncated)
		app_fail_quietly(r->app, STATUS_BROKEN);
	datagram_report(r->app, &r->config->datagram, s, r->answers, true);
}

static void fini(struct receiving *r)
{
	for (size_t i = 0; r->sources && i < r->bound.count; i++) {
		watch_fini(&r->sources[i].watch);
		if (r->sources[i].sender)
			sender_fini(r->sources[i].sender);
		free(r->sources[i].sender);
	}
	free(r->sources);
	timer_fini(&r->rest);
	printer_fini(&r->printer);
	bound_close(&r->bound);
	free(r->answer);
	free(r->memberships);
}

int recv_run(struct app *app, struct recv_config *config, int type, int protocol)
{
	struct receiving r = {.app = app, .config = config, .type = type, .protocol = protocol};
	int status;

	r.answers = config->reply || config->echo;
	r.printer = (struct printer){
		.app = app,
		.framing = framing_of(config),
		.room = (size_t)config->buffer,
		.limit = config->whole ? 1 : config->count,
		.is_raw = type == SOCK_RAW,
		.keep_header = config->header,
		.on_datagram = r.answers ? on_datagram : NULL,
		.on_written = on_written,
		.data = &r,
		.stats = &r.stats,
	};
	if (parse_memberships(&r) || sockopt_config_parse(app, &config->sockopt, &r.settings) ||
		!app_loop(app))
		goto out;
	app->on_stop = on_stop;
	app->stop_arg = &r;
	app_set_deadline(app, config->datagram.timeout_ms);
	status = begin(&r);
	if (status)
		app_fail_quietly(app, status);
	else
		app_run(app);
	if (r.sources)
		report_end(&r);
out:
	fini(&r);
	sockopt_settings_fini(&r.settings);
	return app->status;
}
