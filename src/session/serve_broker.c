// SPDX-License-Identifier: ISC
// Clients joined to each other.
#include "session/serve.h"

#include "base/mem.h"
#include "relay/broker.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>

struct serve_broker {
	struct stream_files files;
	struct broker broker;
};

struct broker_client {
	struct client client;
	struct broker_member member;
	struct stream stream;
};

static void on_failed(struct broker *b, bool input, int error)
{
	struct server *s = b->options.data;
	const struct serve_broker *m = s->mode_data;

	if (!input && error == -EPIPE)
		app_fail_quietly(s->app, STATUS_SIGNAL + SIGPIPE);
	else
		app_fail(s->app, STATUS_LOCAL, input ? m->files.in_name : m->files.out_name, error);
	server_end(s);
}

static void on_behind(struct broker *b, struct broker_member *m)
{
	const char why[] = "cut off: it does not read what others do";
	struct server *s = b->options.data;
	const struct serve_broker *mode = s->mode_data;

	if (m)
		stream_cut_off(&container_of(m, struct broker_client, member)->stream, why);
	else
		app_failf(s->app, STATUS_LOCAL, mode->files.out_name, "%s", why);
}

static void on_drained(struct broker *b)
{
	server_end_if_done(b->options.data);
}

static int init(struct server *s)
{
	struct serve_broker *m = s->mode_data = xcalloc(1, sizeof(*m));
	int status = stream_files_open(
		&m->files, s->app, s->config->stream.input, s->config->stream.output);
	int r;

	if (status)
		return status;
	if (s->config->stream.output)
		rotation_add(&s->rotation, m->files.out_name, m->files.out);
	r = broker_init(&m->broker, &(struct broker_options){.pool = &s->app->pool,
					    .in = m->files.in,
					    .out = m->files.out,
					    .is_chat = s->config->chat,
					    .on_failed = on_failed,
					    .on_behind = on_behind,
					    .on_drained = on_drained,
					    .data = s});
	return r < 0 ? app_fail(s->app, STATUS_LOCAL, m->files.in_name, r) : 0;
}

// What was said is written as far as that is possible without waiting.
static void end_output(struct server *s)
{
	struct serve_broker *m = s->mode_data;

	if (!broker_end_output(&m->broker))
		app_failf(s->app, STATUS_LOCAL, m->files.out_name,
			"some lines of the chat were not written: it is not read");
}

static void fini(struct server *s)
{
	struct serve_broker *m = s->mode_data;

	end_output(s);
	broker_fini(&m->broker);
	free(m);
}

static void on_done(struct stream *stream, int status)
{
	client_done(stream->data, status);
}

static void join(struct broker_client *c, struct broker *broker)
{
	const struct connection *connection = &c->client.connection;
	struct str name = {0};
	struct str endpoint = {0};

	str_addf(&name, "<user%" PRIu64 ">", connection->number);
	if (connection->remote.sa.sa_family == AF_UNIX)
		str_add(&endpoint, "this machine");
	else
		str_add_sockaddr(&endpoint, &connection->remote.sa, connection->remote.len);
	broker_join(broker, &c->member, &c->stream.relay, str_c(&name), str_c(&endpoint));
	str_fini(&name);
	str_fini(&endpoint);
}

static int start(struct client *client)
{
	struct broker_client *c = container_of(client, struct broker_client, client);
	struct server *s = client->server;
	struct serve_broker *m = s->mode_data;
	const struct stream_options options = {
		.connection = &client->connection,
		.config = &s->config->stream,
		.files = &m->files,
		.peer = client->channel,
		.sets_linger = server_sets_linger(s),
		.local = &c->member.channel,
		.may_leave = true,
		.done = on_done,
		.data = client,
	};
	int r;

	if (stream_files_begin(&m->files, s->app)) {
		server_end(s);
		return 0;
	}
	broker_member_init(&c->member);
	r = stream_init(&c->stream, &options);
	if (r < 0)
		return r;
	client->channel = NULL;
	join(c, &m->broker);
	stream_start(&c->stream);
	return 0;
}

static void complete(struct server *s)
{
	struct serve_broker *m = s->mode_data;

	broker_complete(&m->broker);
}

static bool is_busy(const struct server *s)
{
	const struct serve_broker *m = s->mode_data;

	return broker_is_busy(&m->broker);
}

static void fini_client(struct client *client)
{
	struct broker_client *c = container_of(client, struct broker_client, client);

	broker_leave(&c->member);
	stream_fini(&c->stream);
}

// The streams of a broker have no end of their own: a member that has got all that was said so far
// reads an end of file.
static void stop(struct client *client, int signal)
{
	struct broker_client *c = container_of(client, struct broker_client, client);

	(void)signal;
	end_output(client->server); // the clients that are stopped have not left
	stream_deliver(&c->stream);
}

static void report_totals(struct client *client)
{
	stream_report_totals(&container_of(client, struct broker_client, client)->stream);
}

static void add_doing(const struct client *client, struct str *doing)
{
	stream_add_doing(&container_of(client, struct broker_client, client)->stream, doing);
}

const struct serve_mode serve_broker = {
	.client_size = sizeof(struct broker_client),
	.init = init,
	.fini = fini,
	.start = start,
	.fini_client = fini_client,
	.stop = stop,
	.report_totals = report_totals,
	.add_doing = add_doing,
	.complete = complete,
	.is_busy = is_busy,
};
