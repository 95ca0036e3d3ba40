// SPDX-License-Identifier: ISC
#include "datagram/send.h"

#include "base/mem.h"
#include "datagram/sending.h"
#include "io/fd.h"
#include "out/progress.h"
#include "sys/socket.h"
#include "sys/trace.h"

#include <errno.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ROUNDS 16 // batches per turn before others get theirs

static void finish(struct sending *s)
{
	app_stop(s->app);
}

static void add_so_far(const struct sending *s, struct str *doing)
{
	sending_add_target(s, &s->app->stop_object);
	str_add(doing, "with ");
	str_add_count(doing, s->transmit.datagrams, "datagrams");
	str_addf(doing, " sent and %" PRIu64 " received", s->stats.received);
}

static void on_stop(void *arg, int signal, struct str *doing)
{
	struct sending *s = arg;

	(void)signal;
	progress_line_end(&s->progress_line);
	if (s->socket.fd < 0)
		str_addf(doing, "looking up %s", s->config->endpoint.name);
	else
		add_so_far(s, doing);
}

static void pump(struct sending *s);

// The socket has met an error: the end, unless another address gets all that the one before it has
// refused.
static void fail_to_send(struct sending *s, int error)
{
	if (!sending_falls_back(s, error)) {
		finish(s);
		return;
	}
	s->is_sent = false;
	timer_stop(&s->wait);
	pump(s);
}

static void fail_to_read(struct sending *s, int error)
{
	const struct transmit *t = &s->transmit;
	struct str message = {0};

	if (t->datagrams)
		str_addf(&message, "after %" PRIu64 " sent: ", t->datagrams);
	str_add(&message, str_c(&t->splitter.error));
	if (t->is_invalid)
		app_failf(s->app, STATUS_LOCAL, "standard input", "%s", str_c(&message));
	else if (error == -ESPIPE)
		app_failf(s->app, STATUS_LOCAL, "standard input",
			"--repeat needs messages or a file, for it cannot be read again");
	else
		app_fail(s->app, STATUS_LOCAL, "standard input", error);
	str_fini(&message);
	finish(s);
}

// What waits in the error queue is announced as an error, and else nothing is wanted.
static bool awaits_errors(const struct sending *s)
{
	return s->config->datagram.recv_flags & MSG_ERRQUEUE;
}

// What is wanted of the socket now.
static void want(struct sending *s, bool write)
{
	bool read = s->wants_replies && !printer_is_busy(&s->printer) && !awaits_errors(s);

	watch_want(&s->watch, (write ? WATCH_WRITE : 0u) | (read ? WATCH_READ : 0u));
}

static void on_wait_over(void *data)
{
	struct sending *s = data;

	if (s->config->replies)
		app_failf(s->app, STATUS_TIMEOUT, s->config->endpoint.name,
			"%" PRIu64 " of %" PRIu64 " replies came in time", s->stats.received,
			s->config->replies);
	finish(s);
}

// An ICMP message that came back: on a connected socket, and where answers are waited for.
static bool has_failed(struct sending *s)
{
	int error = 0;

	if ((s->socket.is_connected || s->wants_replies) && !awaits_errors(s))
		error = sys_socket_error(s->socket.fd);

	if (error)
		fail_to_send(s, error);
	return error;
}

// What MSG_MORE has kept back goes now. Returns 0 or a negative errno.
static int flush(struct sending *s)
{
	if (!s->transmit.datagrams || s->socket.to.sa.sa_family == AF_UNIX)
		return 0;
	return sender_flush(s->sender, s->transmit.to);
}

static void end_of_sending(struct sending *s)
{
	int r = flush(s);

	if (r == -EAGAIN) {
		want(s, true);
		return;
	}
	if (r < 0) {
		fail_to_send(s, r);
		return;
	}
	s->is_sent = true;
	if (has_failed(s))
		return;
	if (!s->wants_replies) {
		finish(s);
		return;
	}
	if (s->config->wait_ms)
		timer_start(&s->wait, s->config->wait_ms);
	want(s, false);
}

// A message that came back ends a call that sends something else: it is received first.
static bool is_for_receiver(const struct sending *s)
{
	return s->wants_replies && awaits_errors(s) && fd_is_ready(s->socket.fd, POLLERR);
}

static void pump(struct sending *s)
{
	uint64_t started = s->stats.started ? s->stats.started : trace_now();
	uint64_t before = s->transmit.datagrams;
	int r = fallback_resend(&s->fallback);

	if (r == -EAGAIN || r == -ENOBUFS)
		r = TRANSMIT_BLOCKED;
	else if (r == 0)
		r = transmit_run(&s->transmit);

	if (s->transmit.datagrams > before) {
		s->stats.started = started; // waiting for input does not count
		datagram_count(&s->stats);
	}
	if (r == TRANSMIT_DONE)
		end_of_sending(s);
	else if (r >= 0)
		want(s, r != TRANSMIT_WAITING);
	else if (s->transmit.input_failed)
		fail_to_read(s, r);
	else if (is_for_receiver(s))
		want(s, true);
	else
		fail_to_send(s, r);
}

static void on_transmit_ready(void *data)
{
	struct sending *s = data;

	if (!s->app->stopping)
		pump(s);
}

static void on_sent(void *data, const struct iovec *datagram)
{
	struct sending *s = data;

	fallback_sent(&s->fallback, datagram, 1);
}

static void on_message(void *data, const struct iovec *message)
{
	struct sending *s = data;

	icmp_filter_expect(&s->filter, message);
}

static bool is_reply(void *data, const struct datagram *d)
{
	const struct sending *s = data;
	size_t header = s->config->header && d->ip ? d->ip->len : 0;

	return icmp_filter_takes(
		&s->filter, (const char *)d->data + header, d->len - MIN(header, d->len));
}

static uint16_t local_port(int fd)
{
	struct sockaddr_any local;

	return sys_getsockname(fd, &local) < 0 ? 0 : sockaddr_port(&local);
}

static bool may_have_more(const struct sending *s)
{
	return s->printer.receiver.is_full && !printer_is_busy(&s->printer);
}

static void receive(struct sending *s)
{
	int n = 1;

	if (s->type == SOCK_DGRAM && !s->printer.port)
		s->printer.port = local_port(s->socket.fd); // which sending has given it
	for (int i = 0; n > 0 && i < ROUNDS && (i == 0 || may_have_more(s)); i++)
		n = printer_receive(&s->printer, s->socket.fd, NULL,
			s->socket.is_connected ? &s->socket.to : NULL);
	if (s->stats.received)
		fallback_settle(&s->fallback);
	if (n < 0 && n != -EAGAIN && n != -EINTR)
		fail_to_send(s, n);
	else if (printer_is_full(&s->printer) && !printer_is_busy(&s->printer))
		finish(s);
	else
		want(s, s->watch.wanted & WATCH_WRITE);
}

static void on_written(void *data)
{
	struct sending *s = data;

	if (printer_is_full(&s->printer))
		finish(s);
	else
		want(s, s->watch.wanted & WATCH_WRITE);
}

static void on_socket(struct watch *w, unsigned events)
{
	struct sending *s = w->data;

	if (events & WATCH_ERROR && has_failed(s))
		return;
	if (events & WATCH_READ || (events & WATCH_ERROR && awaits_errors(s) && s->wants_replies))
		receive(s);
	if (events & WATCH_WRITE && !s->app->stopping && !s->is_sent)
		pump(s);
}

static int start_printer(struct sending *s)
{
	s->printer = (struct printer){
		.app = s->app,
		.framing = send_framing(s->config),
		.room = s->socket.to.sa.sa_family == AF_UNIX ? PRINTER_UNIX_ROOM : 0,
		.limit = s->config->replies,
		.flags = s->config->datagram.recv_flags,
		.is_raw = s->type == SOCK_RAW,
		.keep_header = s->config->header,
		.is_wanted = s->type == SOCK_RAW ? is_reply : NULL,
		.on_written = on_written,
		.data = s,
		.stats = &s->stats,
	};
	return printer_init(&s->printer);
}

static int start_transmit(struct sending *s)
{
	const struct send_config *c = s->config;
	int r;

	s->sender = xcalloc(1, sizeof(*s->sender));
	sender_init(s->sender, s->socket.fd,
		s->type == SOCK_DGRAM && s->socket.to.sa.sa_family != AF_UNIX,
		c->datagram.send_flags);
	s->transmit = (struct transmit){
		.sender = s->sender,
		.to = s->socket.is_connected ? NULL : &s->socket.to,
		.rate = c->rate,
		.period = c->period_ns,
		.repeat = c->repeat,
		.messages = s->messages,
		.message_count = (size_t)c->message_count,
		.input = STDIN_FILENO,
		.framing = send_framing(c),
		.block = (size_t)c->block,
		.limit = s->socket.limit,
		.on_ready = on_transmit_ready,
		.on_sent = s->may_move ? on_sent : NULL,
		.on_message = s->type == SOCK_RAW && s->wants_replies ? on_message : NULL,
		.data = s,
	};
	if (s->transmit.on_message)
		icmp_filter_init(&s->filter, s->socket.fd, s->socket.to.sa.sa_family, s->protocol,
			c->header);
	r = transmit_start(&s->transmit, &s->app->loop);
	if (r == 0)
		r = watch_init(&s->watch, &s->app->loop, s->socket.fd,
			WATCH_DATAGRAM | (s->socket.is_inherited ? WATCH_SHARED : 0u), on_socket,
			s);
	if (r < 0)
		fail_to_read(s, r);
	return r;
}

static void add_progress(const void *data, uint64_t elapsed, struct str *line)
{
	const struct sending *s = data;
	const struct transmit *t = &s->transmit;
	uint64_t line_ends = t->framing == FRAMING_LINE ? t->datagrams : 0;

	progress_add_count(line, "datagrams", t->datagrams, t->message_count * t->repeat, elapsed);
	str_add(line, ", ");
	str_add_bytes(line, (double)t->bytes);
	if (s->input_bytes)
		progress_add_left(line, t->bytes + line_ends, s->input_bytes, elapsed);
	if (s->wants_replies)
		str_addf(line, ", %" PRIu64 " received", s->stats.received);
}

static void start_meter(struct sending *s)
{
	// Digits stand for fewer bytes, nobody knows how many.
	if (s->transmit.framing != FRAMING_HEX)
		s->input_bytes = s->transmit.input_place.left * s->transmit.repeat;
	progress_line_start(
		&s->progress_line, s->app, s->config->datagram.progress, add_progress, s);
}

static int confine_sending(struct sending *s)
{
	struct sandbox sandbox = {0};
	int status;

	if (s->may_move)
		sandbox.needs |= SANDBOX_DATAGRAMS;
	if (s->socket.path)
		strlist_add(&sandbox.unlink, s->socket.path);
	if (s->wants_replies)
		sandbox.needs |= printer_sandbox_needs(send_framing(s->config));
	if (s->config->endpoint.kind != ENDPOINT_INET) // whose name it may have
		sandbox.needs |= SANDBOX_ABSTRACT;
	status = confine(s->app, &s->config->confine, &sandbox);
	strlist_fini(&sandbox.unlink);
	return status;
}

static void report_sending(struct sending *s)
{
	const struct sockaddr_any *to = &s->socket.to;
	struct str host = {0};

	if (s->type != SOCK_RAW) {
		report(&s->app->out, &ev_sending, F_ADDR("remote", to));
		return;
	}
	str_add_sockaddr_host(&host, &to->sa, to->len);
	report(&s->app->out, &ev_sending_raw, F_STR("address", str_c(&host)),
		F_UINT("protocol_number", s->protocol));
	str_fini(&host);
}

// Only by an option that the user sets; what is too long is split else.
static bool must_not_split(const struct sending *s)
{
	return s->type == SOCK_DGRAM &&
	       (sockopt_settings_has(&s->settings, IPPROTO_IP, IP_MTU_DISCOVER) ||
		       sockopt_settings_has(&s->settings, IPPROTO_IPV6, IPV6_MTU_DISCOVER));
}

static int start(struct sending *s)
{
	const struct send_config *c = s->config;
	int status = 0;

	if (s->wants_replies)
		status = start_printer(s);
	if (status)
		return status;
	sockopt_config_report(s->app, &c->sockopt, s->socket.fd);
	if (must_not_split(s))
		s->path_limit = dgram_path_limit(&s->socket.to);
	if (start_transmit(s) < 0)
		return s->app->status;
	status = confine_sending(s);
	if (status)
		return status;
	report_sending(s);
	start_meter(s);
	pump(s);
	return 0;
}

// Says at the end what is missing, and then all in all.
static void report_end(struct sending *s)
{
	uint32_t drops;

	s->stats.sent = s->transmit.datagrams;
	s->stats.sent_bytes = s->transmit.bytes;
	if (s->wants_replies && s->socket.fd >= 0 && receiver_drops(s->socket.fd, &drops))
		s->stats.dropped = drops - s->first_drops;
	datagram_report_drops(s->app, s->config->endpoint.name, &s->stats);
	datagram_report_truncated(s->app, s->config->endpoint.name, &s->stats);
	datagram_report(s->app, &s->config->datagram, &s->stats, true, s->wants_replies);
}

static void fini(struct sending *s)
{
	transmit_fini(&s->transmit);
	printer_fini(&s->printer);
	icmp_filter_fini(&s->filter);
	groups_fini(&s->groups);
	fallback_fini(&s->fallback);
	timer_fini(&s->wait);
	watch_fini(&s->watch);
	app_fail_leftover(s->app, s->config->bind, dgram_socket_close(&s->socket));
	if (s->sender)
		sender_fini(s->sender);
	free(s->sender);
	free(s->messages);
}

int send_run(struct app *app, struct send_config *config, int type, int protocol)
{
	struct sending s = {.app = app,
		.config = config,
		.type = type,
		.protocol = protocol,
		.on_open = start,
		.socket = {.fd = -1}};

	if (sockopt_config_parse(app, &config->sockopt, &s.settings) || !app_loop(app))
		goto out;
	app->on_stop = on_stop;
	app->stop_arg = &s;
	app_set_deadline(app, config->datagram.timeout_ms);
	s.wants_replies = config->wait_ms || config->replies;
	timer_init(&s.wait, &app->loop, on_wait_over, &s);
	int status = sending_open(&s);

	if (status)
		app_fail_quietly(app, status);
	else
		app_run(app);
	progress_line_end(&s.progress_line);
	report_end(&s);
	fini(&s);
out:
	sockopt_settings_fini(&s.settings);
	return app->status;
}
