// SPDX-License-Identifier: ISC
#include "cmd/stream.h"

#include "out/progress.h"
#include "sys/file.h"
#include "sys/socket.h"
#include "sys/trace.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <unistd.h>

#define PROGRESS_MS 250
#define DAY_MS (24 * 3600 * 1000ull)
#define SPLICE_AFTER 0 // one relay: a pipe costs little

static const char *const until_choices[] = {"both", "peer", "input", NULL};
static const char *const shutdown_choices[] = {"write", "both", "never", NULL};

#define AT(field, type) OPT_AT(struct stream_config, field, type)

const struct opt stream_opts[] = {
	{"until", 0, OPT_CHOICE, AT(until, int), "WHICH",
		"end when both directions have ended (both, the default), or with the first: peer "
		"or input",
		.choices = until_choices},
	{"shutdown", 0, OPT_CHOICE, AT(shutdown, int), "HOW",
		"what the end of the input does: end sending (write, the default), end both, or "
		"never",
		.choices = shutdown_choices},
	{"timeout", 'w', OPT_DURATION, AT(timeout_ms, uint64_t), "TIME",
		"one deadline over everything, the transfer included", .min = 1,
		.max = 365 * DAY_MS},
	{"idle-timeout", 0, OPT_DURATION, AT(idle_ms, uint64_t), "TIME",
		"end a connection after TIME without a byte in either direction", .min = 1,
		.max = 365 * DAY_MS},
	{"crlf", 'C', OPT_FLAG, AT(crlf, bool), NULL, "send line ends as CR LF"},
	{"telnet", 't', OPT_FLAG, AT(telnet, bool), NULL,
		"refuse telnet negotiation and keep it out of the output"},
	{"hex", 0, OPT_FLAG, AT(hex, bool), NULL, "show both directions as hex on stderr"},
	{"progress", 0, OPT_FLAG, AT(progress, bool), NULL, "show how far the transfer has come"},
	{"input", 0, OPT_STRING, AT(input, const char *), "FILE", "read FILE instead of stdin",
		.words = "file"},
	{"output", 0, OPT_STRING, AT(output, const char *), "FILE", "write FILE instead of stdout",
		.words = "file"},
	{0},
};

static const struct event ev_closed = {"closed", REPORT_VERBOSE,
	"closed {remote}: {sent} bytes sent, {received} bytes received, {duration}"};
static const struct event ev_progress = {"stats", REPORT_NORMAL, NULL};

int stream_open_files(
	struct app *app, const struct stream_config *config, struct stream_files *files)
{
	*files = (struct stream_files){
		STDIN_FILENO, STDOUT_FILENO, "standard input", "standard output"};
	if (config->input) {
		files->in_name = config->input;
		files->in = sys_open(config->input, O_RDONLY | O_CLOEXEC, 0);
		if (files->in < 0)
			return app_fail(app, STATUS_LOCAL, config->input, files->in);
	}
	if (config->output) {
		files->out_name = config->output;
		files->out =
			sys_open(config->output, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
		if (files->out < 0)
			return app_fail(app, STATUS_LOCAL, config->output, files->out);
	}
	return 0;
}

static void show_hex(struct stream *s, struct hexdump *h, const void *data, size_t len)
{
	struct str text = {0};
	int r;

	hexdump_add(h, &text, data, len);
	r = write_whole(STDERR_FILENO, text.data, text.len);
	(void)r; // when stderr is gone there is nobody left to tell
	(void)s;
	str_fini(&text);
}

static void on_sent(void *arg, const void *data, size_t len)
{
	struct stream *s = arg;

	show_hex(s, &s->hex_out, data, len);
}

static void on_received(void *arg, const void *data, size_t len)
{
	struct stream *s = arg;

	show_hex(s, &s->hex_in, data, len);
}

static void add_progress(const struct stream *s, struct str *line)
{
	progress_add(line, &(struct progress){.sent = s->relay.out.sent,
				   .received = s->relay.in.received,
				   .total = s->total,
				   .elapsed = trace_now() - s->started});
}

// On a terminal one line is drawn again and again; elsewhere only the last one is written.
static void draw_progress(struct stream *s, bool last)
{
	struct str line = {0};
	bool is_terminal = isatty(STDERR_FILENO);
	int r;

	if (is_terminal)
		str_add(&line, "\r");
	add_progress(s, &line);
	if (is_terminal)
		str_add(&line, "\033[K");
	if (last)
		str_add(&line, "\n");
	r = write_whole(STDERR_FILENO, line.data, line.len);
	(void)r;
	str_fini(&line);
}

static void on_progress(void *data)
{
	struct stream *s = data;

	draw_progress(s, false);
	timer_start(&s->progress, PROGRESS_MS);
}

void stream_end_progress(struct stream *s)
{
	if (!s->config->progress)
		return;
	if (s->app->out.json)
		report(&s->app->out, &ev_progress, F_ADDR("remote", &s->remote_address),
			F_UINT("sent", s->relay.out.sent), F_UINT("received", s->relay.in.received),
			F_SECONDS("duration", trace_now() - s->started));
	else
		draw_progress(s, true);
}

static int report_failure(struct stream *s)
{
	const struct relay *r = &s->relay;
	struct str remote = {0};
	int status = STATUS_OK;

	str_add_sockaddr(&remote, &s->remote_address.sa, s->remote_address.len);
	switch (r->outcome) {
	case RELAY_DONE:
		break;
	case RELAY_INPUT_FAILED:
		status = STATUS_LOCAL;
		report_error(&s->app->out, status, s->files->in_name, NULL, r->error);
		break;
	case RELAY_OUTPUT_FAILED:
		status = r->error == -EPIPE ? STATUS_SIGNAL + SIGPIPE : STATUS_LOCAL;
		if (status == STATUS_LOCAL)
			report_error(&s->app->out, status, s->files->out_name, NULL, r->error);
		break;
	case RELAY_PEER_FAILED:
		status = STATUS_BROKEN;
		report_error(&s->app->out, status, str_c(&remote),
			r->error == -EPIPE ? "the peer closed before everything was sent" : NULL,
			r->error);
		break;
	case RELAY_IDLE:
		status = STATUS_TIMEOUT;
		report_error(&s->app->out, status, str_c(&remote), "idle for too long", 0);
		break;
	}
	str_fini(&remote);
	return status;
}

static const char *outcome_name(enum relay_outcome outcome)
{
	static const char *const names[] = {
		[RELAY_DONE] = "done",
		[RELAY_INPUT_FAILED] = "input failed",
		[RELAY_OUTPUT_FAILED] = "output failed",
		[RELAY_PEER_FAILED] = "broken",
		[RELAY_IDLE] = "idle",
	};

	return names[outcome];
}

static void report_closed(struct stream *s, int status)
{
	report(&s->app->out, &ev_closed, F_UINT("connection", s->number),
		F_ADDR("remote", &s->remote_address), F_UINT("sent", s->relay.out.sent),
		F_UINT("received", s->relay.in.received), F_UINT("unsent", relay_unsent(&s->relay)),
		F_SECONDS("duration", trace_now() - s->started),
		F_STR("how", outcome_name(s->relay.outcome)), F_UINT("status", status));
}

static void on_relay_done(struct relay *r)
{
	struct stream *s = r->data;
	int status;

	stream_end_progress(s);
	status = report_failure(s);
	report_closed(s, status);
	s->done(s, status);
}

static void on_peer_event(struct watch *w, unsigned events)
{
	struct stream *s = w->data;

	relay_on_event(&s->relay, w, events);
}

void stream_on_local_event(struct watch *w, unsigned events)
{
	struct stream *s = w->data;

	relay_on_event(&s->relay, w, events);
}

static void set_filters(struct stream *s)
{
	struct relay *r = &s->relay;

	if (s->config->telnet) {
		telnet_filter_init(&s->telnet);
		telnet_escape_filter_init(&s->telnet_escape, s->config->crlf);
		r->in.filter = &s->telnet.filter;
		r->out.filter = &s->telnet_escape.filter;
		r->telnet = &s->telnet;
	} else if (s->config->crlf) {
		crlf_filter_init(&s->crlf);
		r->out.filter = &s->crlf.filter;
	}
	if (s->config->hex) {
		s->hex_out.direction = '>';
		s->hex_in.direction = '<';
		r->out.tap = on_sent;
		r->in.tap = on_received;
		r->out.tap_arg = r->in.tap_arg = s;
	}
}

static uint64_t bytes_to_send(const struct endpoint *local)
{
	const struct fd_info *in = &local->rd_info;

	return in->kind == FD_FILE && in->size > in->position ? in->size - in->position : 0;
}

int stream_init(struct stream *s, struct app *app, const struct stream_config *config,
	const struct stream_files *files, int fd, bool is_private, struct endpoint *local,
	stream_fn *done, void *data)
{
	struct relay_policy policy = {
		.until = config->until,
		.shutdown = config->shutdown,
		.end_with_peer = local->rd_info.kind == FD_TERMINAL,
		.idle_ms = config->idle_ms,
		.splice_after = SPLICE_AFTER,
	};
	int r;

	*s = (struct stream){.app = app,
		.config = config,
		.files = files,
		.local = local,
		.number = 1,
		.done = done,
		.data = data};
	r = endpoint_init_socket(&s->peer, &app->loop, fd, is_private, on_peer_event, s);
	if (r < 0) {
		if (is_private)
			sys_close(fd);
		return r;
	}
	sys_getsockname(fd, &s->local_address);
	sys_getpeername(fd, &s->remote_address);
	sockaddr_unmap(&s->local_address);
	sockaddr_unmap(&s->remote_address);
	relay_init(&s->relay, &app->loop, local, &s->peer, &policy, on_relay_done, s);
	set_filters(s);
	s->total = bytes_to_send(local);
	return 0;
}

void stream_start(struct stream *s)
{
	s->started = trace_now();
	if (s->config->progress && isatty(STDERR_FILENO) && !s->app->out.json) {
		timer_init(&s->progress, &s->app->loop, on_progress, s);
		timer_start(&s->progress, PROGRESS_MS);
	}
	relay_start(&s->relay);
}

void stream_fini(struct stream *s)
{
	timer_fini(&s->progress);
	telnet_filter_fini(&s->telnet);
	relay_fini(&s->relay);
	endpoint_fini(&s->peer);
}

void stream_cut_off(struct stream *s, const char *message)
{
	struct str remote = {0};

	str_add_sockaddr(&remote, &s->remote_address.sa, s->remote_address.len);
	report_error(&s->app->out, STATUS_BROKEN, str_c(&remote), message, 0);
	str_fini(&remote);
	s->relay.outcome = RELAY_PEER_FAILED;
	report_closed(s, STATUS_BROKEN);
	s->done(s, STATUS_BROKEN);
}

void stream_add_doing(const struct stream *s, struct str *doing)
{
	str_addf(doing, "after %" PRIu64 " bytes sent and %" PRIu64 " bytes received",
		s->relay.out.sent, s->relay.in.received);
}
