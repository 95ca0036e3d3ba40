// SPDX-License-Identifier: ISC
#include "session/stream.h"

#include "base/mem.h"
#include "base/value.h"
#include "opts/progress_line.h"
#include "session/stats.h"
#include "io/fd.h"
#include "io/urgent.h"
#include "net/stream_socket.h"
#include "out/progress.h"
#include "sys/sandbox/sandbox.h"
#include "relay/limit.h"
#include "sys/trace.h"
#include "tls/channel.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#define DAY_MS (24 * 3600 * 1000ull)
#define AT(field, type) OPT_AT(struct stream_config, field, type)

const struct opt stream_opts[] = {
	{"until", 0, OPT_CHOICE, AT(until, int), "WHICH",
		"when to exit: after both directions have ended (both, the default), after one "
		"(peer or input), or also at --idle-timeout (idle)",
		.choices = "both peer input idle idle-or-peer"},
	{"shutdown", 0, OPT_CHOICE, AT(shutdown, int), "HOW",
		"direction to shut down at the end of the input: write, read, both or never; auto "
		"(the default) is write, except for an input that is one HTTP request",
		.choices = "auto write read both never", .not_with = "reset udp"},
	{"shutdown-delay", 0, OPT_DURATION, AT(shutdown_delay_ms, uint64_t), "TIME",
		"delay the shutdown until TIME has passed without data from the peer",
		.max = DAY_MS, .not_with = "program reset udp"},
	{"quit-delay", 0, OPT_DURATION, AT(quit_delay_ms, uint64_t), "TIME",
		"exit after the end of the input and TIME without data from the peer", .min = 1,
		.max = 365 * DAY_MS},
	{"timeout", 'w', OPT_DURATION, AT(timeout_ms, uint64_t), "TIME",
		"maximum time for the whole operation, including the transfer", .min = 1,
		.max = 365 * DAY_MS, .is_everyday = true, .also_with = "check pass-fd"},
	{"idle-timeout", 0, OPT_DURATION, AT(idle_ms, uint64_t), "TIME",
		"close a connection after TIME without data in either direction", .min = 1,
		.max = 365 * DAY_MS},
	{"limit-rate", 0, OPT_SIZE, AT(limit_rate, uint64_t), "RATE",
		"maximum bytes per second in each direction, such as 512k", .min = 1,
		.max = LIMIT_MOST, .not_with = "udp"},
	{"interval", 0, OPT_DURATION, AT(interval_ms, uint64_t), "TIME",
		"send the input line by line, with a pause of TIME between lines", .min = 1,
		.max = DAY_MS, .not_with = "limit-rate room forward"},
	{"crlf", 'C', OPT_FLAG, AT(crlf, bool), "", "send line endings as CRLF",
		.is_everyday = true},
	{"telnet", 't', OPT_FLAG, AT(telnet, bool), "",
		"refuse telnet negotiation and remove it from the output", .not_with = "udp"},
	{"hex", 0, OPT_FLAG, AT(hex, bool), "", "print a hex dump of both directions to stderr",
		.is_everyday = true},
	{"progress", 0, OPT_FLAG, AT(progress, bool), "", "show the progress of the transfer",
		.also_with = "check"},
	{"stats", 0, OPT_FLAG, AT(stats, bool), "", "print totals and TCP statistics at the end"},
	{"input", 0, OPT_STRING, AT(input, const char *), "FILE", "read from FILE instead of stdin",
		.words = "file", .not_with = "program forward input"},
	{"output", 0, OPT_STRING, AT(output, const char *), "FILE",
		"write to FILE instead of stdout", .words = "file", .is_written = true,
		.not_with = "program forward broker output"},
	{""},
};

// What few streams need, apart, so that thousands of the others stay small.
struct stream_extras {
	struct record_tap tap;
	struct crlf_filter crlf;
	struct telnet_filter telnet;
	struct telnet_escape_filter telnet_escape;
	struct progress_line progress_line;
	struct urgent urgent;
};

int stream_check(const struct stream_config *config, bool is_udp, struct str *err)
{
	if (is_udp && (config->until == UNTIL_PEER || config->until == UNTIL_INPUT))
		return bad_word(err, "--udp", "goes with --until idle and idle-or-peer only");
	if (config->until >= UNTIL_IDLE && !config->idle_ms)
		return bad_word(err,
			config->until == UNTIL_IDLE ? "--until idle" : "--until idle-or-peer",
			"goes with --idle-timeout only");
	if (config->shutdown_delay_ms == SHUTDOWN_DELAY_USUAL)
		return 0;
	if (config->shutdown > SHUTDOWN_WRITE)
		return bad_word(err, "--shutdown-delay", "goes with --shutdown write only");
	if (config->until == UNTIL_INPUT)
		return bad_word(err, "--shutdown-delay", "does not go with --until input");
	return 0;
}

static bool wants_tap(const struct stream_config *config)
{
	return config->hex || record_is_wanted(&config->record);
}

static bool is_of_messages(const struct channel *peer)
{
	return peer->rd_info.socket_type == SOCK_SEQPACKET;
}

static void show(struct stream *s, enum record_direction direction, const void *data, size_t len)
{
	if (wants_tap(s->config))
		record_tap_add(&s->extras->tap, direction, data, len);
	if (is_of_messages(s->peer))
		connection_report_message(s->connection, direction == RECORD_SENT, len);
}

static void on_sent(struct flow *f, const void *data, size_t len)
{
	show(container_of(f, struct stream, relay.out), RECORD_SENT, data, len);
}

static void on_urgent(void *data, unsigned char byte, uint64_t offset)
{
	const struct stream *s = data;

	connection_report_urgent(s->connection, byte, offset);
}

static void on_received(struct flow *f, const void *data, size_t len)
{
	show(container_of(f, struct stream, relay.in), RECORD_RECEIVED, data, len);
}

static uint64_t bytes_to_send(const struct channel *local)
{
	return local->file_left;
}

static void add_progress(const void *data, uint64_t elapsed, struct str *line)
{
	const struct stream *s = data;
	const struct field remote = connection_remote(s->connection);

	if (s->connection->is_one_of_many) {
		str_add_field(line, &remote);
		str_add(line, ": ");
	}
	progress_add(line, &(struct progress){.sent = s->relay.out.sent,
				   .received = s->relay.in.received,
				   .total = bytes_to_send(stream_local(s)),
				   .elapsed = elapsed});
}

void stream_report_totals(struct stream *s)
{
	const struct stream_config *c = s->config;

	if (!c) // it may not even have begun
		return;
	if (s->extras)
		progress_line_end(&s->extras->progress_line);
	if (c->stats || (c->progress && s->connection->app->out.json))
		stats_report(s->connection, channel_socket(s->peer), channel_tls(s->peer),
			relay_sent(&s->relay), relay_received(&s->relay));
}

// What a failure of a connection comes to. MESSAGE, or NULL, is what TLS says of it: that is all.
static int broken_status(const char *message, int error)
{
	return message && error == -EPROTO ? STATUS_TLS : STATUS_BROKEN;
}

// The party that the connection is joined to has failed.
static int report_local_failure(struct stream *s, const char *name)
{
	const struct channel *local = stream_local(s);
	const char *message = channel_failure(local);
	int error = s->relay.error;
	int status = s->files->is_remote ? broken_status(message, error) : STATUS_LOCAL;

	// A reader of stdout that goes away is no fault.
	if (!s->files->is_remote && error == -EPIPE && s->relay.outcome == RELAY_OUTPUT_FAILED)
		return STATUS_SIGNAL + SIGPIPE;
	report_error(&s->connection->app->out, status, name, message,
		message && !channel_keeps_boundaries(local) ? 0 : error);
	return status;
}

static bool has_left(const struct stream *s)
{
	bool has_ended = s->may_leave && s->relay.in.state == FLOW_SHUT;

	return (has_ended && s->relay.outcome == RELAY_PEER_FAILED) || stream_has_looked(s);
}

// Who refuses datagrams before it has sent any was never there.
static int datagram_status(const struct stream *s)
{
	return s->relay.in.received ? STATUS_BROKEN : STATUS_CONNECT;
}

static int report_peer_failure(struct stream *s)
{
	const char *message = channel_failure(s->peer);
	bool is_datagram = channel_keeps_boundaries(s->peer);
	int status = is_datagram ? datagram_status(s) : broken_status(message, s->relay.error);
	int error = message && !is_datagram ? 0 : s->relay.error;

	if (!message && error == -EPIPE)
		message = "the peer closed before everything was sent";
	else if (!message && error == -EMSGSIZE && !is_datagram)
		message = "a message is longer than 128 KiB or than SO_SNDBUF allows";
	return connection_report_error(s->connection, status, message, error);
}

// One of many who send datagrams was silent for a while, or had to make room.
bool stream_was_forgotten(const struct stream *s)
{
	const struct relay *r = &s->relay;

	return s->connection->is_one_of_many && channel_keeps_boundaries(s->peer) &&
	       (r->outcome == RELAY_IDLE || r->error == -ECANCELED);
}

static int report_failure(struct stream *s)
{
	const struct relay *r = &s->relay;

	if (has_left(s) || stream_was_forgotten(s))
		return STATUS_OK;
	switch (r->outcome) {
	case RELAY_DONE:
		break;
	case RELAY_INPUT_FAILED:
		return report_local_failure(s, s->files->in_name);
	case RELAY_OUTPUT_FAILED:
		return report_local_failure(s, s->files->out_name);
	case RELAY_PEER_FAILED:
		return report_peer_failure(s);
	case RELAY_IDLE:
		return connection_report_error(
			s->connection, STATUS_TIMEOUT, "idle for too long", 0);
	case RELAY_QUIT:
		if (relay_unacknowledged(r))
			return connection_report_error(s->connection, STATUS_BROKEN,
				"ended before everything was sent", 0);
	}
	return STATUS_OK;
}

static const char *outcome_name(const struct relay *r)
{
	static const char *const names[] = {
		[RELAY_DONE] = "done",
		[RELAY_INPUT_FAILED] = "input failed",
		[RELAY_OUTPUT_FAILED] = "output failed",
		[RELAY_PEER_FAILED] = "broken",
		[RELAY_IDLE] = "idle",
		[RELAY_QUIT] = "quit",
	};

	return r->error == -ECANCELED ? "replaced" : names[r->outcome];
}

void stream_report_closed(const struct stream *s, const char *how, int status)
{
	const struct relay *r = &s->relay;

	connection_report_closed(s->connection, &(struct connection_end){.sent = r->out.sent,
							.received = r->in.received,
							.unsent = relay_unsent(r),
							.how = how ? how : outcome_name(r),
							.status = status});
}

// Not all that was asked for may have come, and not all that came may have fitted the other side.
static int check_whole(struct stream *s)
{
	struct str message = {0};
	uint64_t wanted = s->config->calls.recv_exactly;

	if (s->relay.in.received >= wanted)
		return connection_report_lost(s->connection, s->peer->lost + stream_local(s)->lost);
	str_addf(&message, "the peer ended after %" PRIu64 " of %" PRIu64 " bytes",
		s->relay.in.received, wanted);
	int status = connection_report_error(s->connection, STATUS_BROKEN, str_c(&message), 0);
	str_fini(&message);
	return status;
}

// The one place that says that a stream is whole. Whatever else ends it, on the way or before its
// time, closes the channels as they are: torn.
static void complete(struct stream *s)
{
	channel_complete(s->peer);
	channel_complete(stream_local(s));
}

static void on_relay_done(struct relay *r)
{
	struct stream *s = r->data;
	int status;

	stream_report_totals(s);
	status = report_failure(s);
	if (!status)
		status = check_whole(s);
	if (!status && s->asks && relay_is_unanswered(r))
		report(&s->connection->app->out, &ev_no_answer,
			F_UINT("connection", s->connection->number),
			F_ADDR("remote", &s->connection->remote));
	if (!status && !s->config->calls.reset && !stream_has_looked(s))
		complete(s);
	if (!s->owner_reports)
		stream_report_closed(s, has_left(s) ? "left" : NULL, status);
	s->done(s, status);
}

bool stream_config_wants_bytes(const struct stream_config *config)
{
	const struct stream_calls_config *calls = &config->calls;
	return config->crlf || config->telnet || calls->discard_input || wants_tap(config) ||
	       config->progress || config->idle_ms || config->quit_delay_ms || config->limit_rate ||
	       config->interval_ms || calls->oob || calls->reset || calls->send_flags ||
	       calls->recv_flags;
}

unsigned stream_sandbox_needs(const struct stream_config *config)
{
	return config->hex || config->record.hex_file ? SANDBOX_LOCAL_TIME : 0;
}

static struct stream_extras *create_extras(const struct stream_config *config)
{
	bool is_wanted = config->crlf || config->telnet || wants_tap(config) || config->progress ||
			 config->calls.oob;

	return is_wanted ? xcalloc(1, sizeof(struct stream_extras)) : NULL;
}

static void free_extras(struct stream_extras *x)
{
	if (!x)
		return;
	progress_line_fini(&x->progress_line);
	telnet_filter_fini(&x->telnet);
	free(x);
}

static void set_filters(struct stream *s)
{
	struct relay *r = &s->relay;
	struct stream_extras *x = s->extras;

	if (s->config->telnet) {
		telnet_filter_init(&x->telnet);
		telnet_escape_filter_init(&x->telnet_escape, s->config->crlf);
		flow_own(&r->in)->filter = &x->telnet.filter;
		flow_own(&r->out)->filter = &x->telnet_escape.filter;
		r->telnet = &x->telnet;
	} else if (s->config->crlf) {
		crlf_filter_init(&x->crlf);
		flow_own(&r->out)->filter = &x->crlf.filter;
	}
	if (s->config->calls.discard_input)
		flow_own(&r->out)->filter = &discard_filter;
	if (wants_tap(s->config))
		record_tap_init(&x->tap, s->connection->app, &s->config->record, s->config->hex);
	if (wants_tap(s->config) ||
		(is_of_messages(s->peer) && connection_shows_messages(s->connection))) {
		flow_own(&r->out)->tap = on_sent;
		flow_own(&r->in)->tap = on_received;
	}
}

static void on_out_state(const struct flow *f, enum flow_state before)
{
	const struct stream *s = container_of(f, const struct stream, relay.out);

	connection_report_flow(s->connection, f, before, s->files->in_name, NULL);
}

static void on_in_state(const struct flow *f, enum flow_state before)
{
	const struct stream *s = container_of(f, const struct stream, relay.in);

	connection_report_flow(s->connection, f, before, NULL, s->files->out_name);
}

// Only where they are asked for, in JSON, too: they are more than all else that is said.
static void watch_states(struct stream *s)
{
	if (s->connection->app->out.level < REPORT_DEBUG)
		return;
	flow_own(&s->relay.out)->on_state = on_out_state;
	flow_own(&s->relay.in)->on_state = on_in_state;
}

static struct relay_policy policy_of(const struct stream_options *o)
{
	const struct stream_config *config = o->config;
	bool is_usual = config->shutdown_delay_ms == SHUTDOWN_DELAY_USUAL;
	struct relay_policy policy = {
		.until = config->until,
		.shutdown = config->shutdown,
		.end_with_peer = o->local->rd_info.kind == FD_TERMINAL,
		.idle_ms = config->idle_ms,
		.quit_delay_ms = config->quit_delay_ms,
		.shutdown_delay_ms = is_usual ? o->shutdown_delay_ms : config->shutdown_delay_ms,
		.silence_ends_peer = o->files->is_remote,
		.peer_asks = o->answers,
	};

	if (policy.shutdown == SHUTDOWN_AUTO && !(o->asks && is_usual))
		policy.shutdown = SHUTDOWN_WRITE;
	stream_calls_adjust(&config->calls, &policy);
	if (o->ends_with_local && config->until == UNTIL_BOTH)
		policy.until = UNTIL_INPUT;
	return policy;
}

int stream_init(struct stream *s, const struct stream_options *o)
{
	const struct relay_options options = {
		.pool = &o->connection->app->pool,
		.local = o->local,
		.peer = o->peer,
		.policy = policy_of(o),
		.splice_after = o->splice_after,
		.interval_ms = o->config->interval_ms,
		.rate = o->config->limit_rate,
		.done = on_relay_done,
		.data = s,
	};
	int r;

	assert(o->connection && o->config && o->files && o->done);
	assert(o->local && channel_socket(o->peer) >= 0);
	*s = (struct stream){.connection = o->connection,
		.config = o->config,
		.files = o->files,
		.extras = create_extras(o->config),
		.asks = o->asks,
		.may_leave = o->may_leave,
		.owner_reports = o->owner_reports,
		.done = o->done,
		.data = o->data};
	r = relay_init(&s->relay, &options);
	if (r == 0)
		r = stream_calls_apply(&o->config->calls, o->peer,
			s->extras ? &s->extras->urgent : NULL, on_urgent, s);
	if (r < 0) {
		relay_fini(&s->relay);
		free_extras(s->extras);
		*s = (struct stream){0};
		return r;
	}
	s->peer = o->peer;
	if (!o->sets_linger) {
		channel_guard(o->peer);
		channel_guard(o->local);
	}
	set_filters(s);
	watch_states(s);
	return 0;
}

void stream_start(struct stream *s)
{
	assert(s->peer);
	if (s->config->progress)
		progress_line_start(
			&s->extras->progress_line, s->connection->app, true, add_progress, s);
	relay_start(&s->relay);
}

void stream_fini(struct stream *s)
{
	free_extras(s->extras);
	s->extras = NULL;
	relay_fini(&s->relay);
	channel_destroy(s->peer);
	s->peer = NULL;
}

void stream_stop(struct stream *s, int signal)
{
	if (signal && stream_local(s) && stream_local(s)->rd_info.kind == FD_TERMINAL &&
		relay_unacknowledged(&s->relay) == 0)
		complete(s);
}

void stream_deliver(struct stream *s)
{
	relay_deliver(&s->relay);
	if (s->peer && !relay_unsent(&s->relay))
		complete(s);
}

struct channel *stream_take_peer(struct stream *s)
{
	struct channel *peer = s->peer;

	assert(s->peer);
	s->peer = NULL;
	return peer;
}

void stream_cut_off(struct stream *s, const char *message)
{
	int status = connection_report_error(s->connection, STATUS_BROKEN, message, 0);

	stream_report_totals(s);
	stream_report_closed(s, "cut off", status);
	s->done(s, status);
}
