// SPDX-License-Identifier: ISC
#include "session/exec.h"

#include "session/stats.h"

#include "io/fd.h"
#include "net/stream_socket.h"
#include "sys/socket.h"

#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>

#define LOOK_FIRST_MS 20
#define LOOK_LAST_MS 1000

// What the messages call the party that a relay joins to the client.
static const struct stream_files program_files = {
	.in_name = "program", .out_name = "program", .is_remote = true};

static void look(void *data);

// The kernel counts the bytes of TCP, but not of Unix sockets.
static bool must_see_bytes(const struct exec *s, const struct channel *channel)
{
	const struct stream_config *c = s->config;

	// It counts those of one path only.
	return stream_config_wants_bytes(c) || s->connection->wants_paths ||
	       c->until != UNTIL_BOTH || c->shutdown > SHUTDOWN_WRITE ||
	       (!channel->wr_info.is_tcp && (c->stats || connection_is_reported(s->connection)));
}

static void report_exit(const struct exec *s)
{
	struct reporter *out = &s->connection->app->out;
	int status = s->program_status;

	if (WIFSIGNALED(status))
		report(out, &ev_exited_killed, F_UINT("connection", s->connection->number),
			F_UINT("pid", s->child->pid), F_SIGNAL("signal", WTERMSIG(status)));
	else
		report(out, &ev_exited, F_UINT("connection", s->connection->number),
			F_UINT("pid", s->child->pid), F_UINT("exit_status", WEXITSTATUS(status)));
}

static void complain(const struct exec *s)
{
	int status = s->program_status;
	struct str text = {0};

	if (WIFSIGNALED(status)) {
		str_add(&text, "killed by ");
		str_add_signal(&text, WTERMSIG(status));
	} else {
		str_addf(&text, "exit status %d", WEXITSTATUS(status));
	}
	report_error(&s->connection->app->out, STATUS_LOCAL, s->program->name, str_c(&text), 0);
	str_fini(&text);
}

// Reports how the program has ended. Returns the status that follows from it.
static int judge_program(struct exec *s)
{
	report_exit(s);
	// That it was told to end is no fault of its own.
	if (!s->program_status || s->child->was_hung_up)
		return STATUS_OK;
	if (s->is_only)
		complain(s);
	return STATUS_LOCAL;
}

// Health checks come and go while the program still talks.
static bool has_looked(const struct exec *s)
{
	const struct stream_socket_counts *c = &s->counts;
	// The end of the stream may have been counted as a byte.
	uint64_t received = c->received > 1 ? c->received : 0;

	if (!s->is_direct)
		return stream_has_looked(&s->stream);
	return s->is_counted && (s->error || s->child->was_hung_up) &&
	       connection_is_look(s->connection, received, c->sent - c->lost, s->error);
}

// Reports what became of the connection. Returns the status that follows from it.
static int judge_connection(struct exec *s)
{
	if (s->stream_status || s->was_ended)
		return s->stream_status;
	if (s->error)
		return connection_report_error(s->connection, STATUS_BROKEN, NULL, s->error);
	if (s->child->was_hung_up)
		return connection_report_error(s->connection, STATUS_BROKEN,
			"the client left before the program had ended", 0);
	return STATUS_OK;
}

// Both the program and its connection are over.
static void finish(struct exec *s)
{
	bool is_look = has_looked(s);
	int status = is_look ? STATUS_OK : judge_connection(s);
	const char *how = is_look ? "left" : status ? "broken" : "done";
	int program_status = judge_program(s);

	if (!status && program_status && !is_look) {
		status = program_status;
		how = "program failed";
	}
	if (!s->is_direct)
		stream_report_closed(&s->stream,
			s->stream_status || stream_was_forgotten(&s->stream) ? NULL : how, status);
	else
		connection_report_closed(
			s->connection, &(struct connection_end){.sent = s->counts.sent,
					       .received = s->counts.received,
					       .unsent = s->counts.lost,
					       .how = how,
					       .status = status});
	s->done(s, status);
}

static void on_closed(void *data, int error)
{
	struct exec *s = data;

	closing_destroy(s->closing);
	s->closing = NULL;
	if (!s->error)
		s->error = error;
	finish(s);
}

// Nobody else has the socket any more.
static void end_output(struct exec *s)
{
	uv_loop_t *loop = &s->connection->app->loop;

	timer_stop(&s->look);
	watch_fini(&s->watch);
	s->is_counted = stream_socket_count(s->fd, &s->counts) == 0;
	if (s->config->stats)
		stats_report(s->connection, s->fd, NULL, s->counts.sent, s->counts.received);
	// The program itself may have met the error, which is told once only, and failed for it.
	if (!s->error && (s->counts.lost || (s->counts.is_closed && s->program_status)))
		s->error = -ECONNRESET;
	s->closing = closing_create(loop, channel_create_socket(loop, s->fd, true),
		s->error ? CLOSING_RESET : CLOSING_ORDERLY, 0, on_closed, s);
	s->fd = -1;
}

static void finish_if_over(struct exec *s)
{
	const struct child *c = s->child;

	if (!c->has_exited || s->closing)
		return;
	s->program_status = c->status;
	if (s->stream_ended) {
		finish(s);
	} else if (child_holds(c, &s->output)) {
		timer_start(&s->look, s->look_ms);
		s->look_ms = MIN(s->look_ms * 2, LOOK_LAST_MS);
	} else if (s->is_direct) {
		end_output(s);
	} else {
		// Who has left the group may have it still: what is there already is delivered.
		s->local.ops->shut(&s->local, SHUT_RD);
	}
}

// What a program leaves behind in its group may still have something to say, or may have closed its
// output: nothing announces that.
static void look(void *data)
{
	finish_if_over(data);
}

static void on_child(struct child *c)
{
	struct exec *s = c->data;

	s->look_ms = LOOK_FIRST_MS;
	finish_if_over(s);
}

static void on_stream_done(struct stream *stream, int status)
{
	struct exec *s = stream->data;

	s->stream_ended = true;
	s->stream_status = status;
	if (status || s->config->until == UNTIL_PEER || stream_was_forgotten(stream) ||
		stream->relay.was_idle || stream_has_looked(stream)) {
		s->was_ended = true;
		child_hang_up(s->child);
	}
	finish_if_over(s);
}

static void on_gone(void *data)
{
	struct exec *s = data;

	child_hang_up(s->child);
}

// The client is gone, or nothing more will come from it.
static void on_socket(struct watch *w, unsigned events)
{
	struct exec *s = w->data;
	int error;

	if (!(events & WATCH_ERROR)) {
		watch_want(w, 0);
		if (s->is_private)
			stream_socket_probe_often(w->fd);
		return;
	}
	// With a relay in between it is the relay that takes the error.
	error = s->is_direct ? sys_socket_error(w->fd) : 0;
	watch_fini(w);
	s->error = error;
	// Both directions have ended, or the program itself has met the error. The last words of
	// the client may not have been read yet: a moment for them.
	if (error)
		child_hang_up(s->child);
	else
		timer_start(&s->gone, CHILD_GRACE_MS);
}

// Gives the program FD. Returns 0 or a negative errno.
static int start_program(
	struct exec *s, struct children *children, int fd, const struct channel *channel)
{
	struct child_options options = {
		.path = s->program->path, .argv = s->program->argv, .fd = fd};
	char **env = program_environment(s->connection, channel);
	int error = file_id_of(fd, &s->output);

	options.env = env;
	if (error == 0)
		s->child = child_create(children, &options, on_child, s, &error);
	program_free_environment(env);
	return error;
}

static int watch_client(struct exec *s, int fd)
{
	unsigned flags = WATCH_OUTPUT | (s->is_private ? 0u : WATCH_SHARED);
	int r = watch_init(&s->watch, &s->connection->app->loop, fd, flags, on_socket, s);

	if (r == 0)
		watch_want(&s->watch, WATCH_PEER_END);
	return r;
}

static int start_direct(struct exec *s, const struct exec_options *o)
{
	int fd = channel_socket(o->channel);
	int r;

	channel_unwatch(o->channel);
	r = watch_client(s, fd); // which makes it non-blocking, and the program undoes that
	if (r == 0)
		r = start_program(s, o->children, fd, o->channel);
	if (r < 0)
		return r;
	s->fd = channel_release(o->channel);
	return 0;
}

static int start_relay(struct exec *s, const struct exec_options *o)
{
	uv_loop_t *loop = &s->connection->app->loop;
	int theirs;
	const struct stream_options options = {
		.connection = s->connection,
		.config = s->config,
		.files = &program_files,
		.peer = o->channel,
		.local = &s->local,
		// Nobody would read what the client still sends.
		.ends_with_local = true,
		.owner_reports = true,
		.sets_linger = o->sets_linger,
		.done = on_stream_done,
		.data = s,
	};
	int r = channel_init_program(&s->local, loop, &theirs);

	if (r < 0)
		return r;
	r = start_program(s, o->children, theirs, o->channel);
	fd_close(theirs);
	if (r == 0)
		r = stream_init(&s->stream, &options);
	if (r < 0)
		return r;
	// Another one, for another watch: of a stream, for the others of a socket for datagrams
	// come and go.
	if (!channel_keeps_boundaries(o->channel))
		s->fd = fd_duplicate(channel_socket(o->channel));
	if (s->fd >= 0)
		watch_client(s, s->fd);
	stream_start(&s->stream);
	return 0;
}

int exec_prepare(struct app *app, const struct program_config *config, struct program *program,
	struct children *children)
{
	int status = program_find(app, config, program);
	int r;

	if (status)
		return status;
	r = children_init(children, &app->loop);
	return r < 0 ? app_fail(app, STATUS_LOCAL, program->name, r) : 0;
}

int exec_start(struct exec *s, const struct exec_options *o)
{
	uv_loop_t *loop = &o->connection->app->loop;
	int r;

	assert(o->children && o->connection && o->config && o->program && o->done);
	assert(channel_socket(o->channel) >= 0);
	*s = (struct exec){.connection = o->connection,
		.config = o->config,
		.program = o->program,
		.is_only = o->is_only,
		.fd = -1,
		.done = o->done,
		.data = o->data};
	timer_init(&s->look, loop, look, s);
	timer_init(&s->gone, loop, on_gone, s);
	s->is_private = o->channel->is_private;
	s->is_direct = s->is_private && !must_see_bytes(s, o->channel) &&
		       channel_splice_source(o->channel) >= 0;
	r = s->is_direct ? start_direct(s, o) : start_relay(s, o);
	if (r < 0)
		exec_fini(s);
	return r;
}

void exec_fini(struct exec *s)
{
	timer_fini(&s->look);
	timer_fini(&s->gone);
	watch_fini(&s->watch);
	if (s->fd >= 0) {
		// Also where the program still has it: the last to close it says how it ends.
		if (s->is_direct)
			fd_close_by_reset(s->fd, true);
		fd_close(s->fd);
	}
	s->fd = -1;
	closing_destroy(s->closing);
	s->closing = NULL;
	stream_fini(&s->stream);
	channel_fini(&s->local);
	if (!s->child)
		return;
	if (!s->child->has_exited)
		child_hang_up(s->child);
	child_release(s->child);
	s->child = NULL;
}

void exec_report_totals(struct exec *s)
{
	struct stream_socket_counts counts;

	if (!s->is_direct && !s->stream_ended) {
		stream_report_totals(&s->stream);
	} else if (s->is_direct && s->fd >= 0 && s->config->stats) {
		stream_socket_count(s->fd, &counts);
		stats_report(s->connection, s->fd, NULL, counts.sent, counts.received);
	}
}

void exec_add_doing(const struct exec *s, struct str *doing)
{
	if (s->is_direct)
		str_addf(doing, "while a program was running (process %d)", (int)s->child->pid);
	else
		stream_add_doing(&s->stream, doing);
}
