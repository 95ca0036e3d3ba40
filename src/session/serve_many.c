// SPDX-License-Identifier: ISC
// Many clients on one stdin and stdout.
#include "session/serve.h"

#include "base/mem.h"
#include "relay/hub.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>

struct many {
	struct stream_files files;
	struct hub hub;
};

struct many_client {
	struct client client;
	struct hub_member member;
	struct stream stream;
	bool has_joined;
};

static void on_failed(struct hub *h, bool input, int error)
{
	struct server *s = h->options.data;
	const struct many *m = s->mode_data;

	if (!input && error == -EPIPE)
		app_fail_quietly(s->app, STATUS_SIGNAL + SIGPIPE);
	else
		app_fail(s->app, STATUS_LOCAL, input ? m->files.in_name : m->files.out_name, error);
	server_end(s);
}

static void on_behind(struct hub *h, struct hub_member *m)
{
	struct many_client *c = container_of(m, struct many_client, member);

	(void)h;
	stream_cut_off(&c->stream, "cut off: it does not read what others do");
}

static void on_drained(struct hub *h)
{
	server_end_if_done(h->options.data);
}

static int init(struct server *s)
{
	struct many *m = s->mode_data = xcalloc(1, sizeof(*m));
	int status = stream_files_open(
		&m->files, s->app, s->config->stream.input, s->config->stream.output);
	int r;

	if (status)
		return status;
	if (s->config->stream.output)
		rotation_add(&s->rotation, m->files.out_name, m->files.out);
	r = hub_init(&m->hub, &(struct hub_options){.pool = &s->app->pool,
				      .in = m->files.in,
				      .out = m->files.out,
				      .on_failed = on_failed,
				      .on_behind = on_behind,
				      .on_drained = on_drained,
				      .data = s});
	return r < 0 ? app_fail(s->app, STATUS_LOCAL, m->files.in_name, r) : 0;
}

static void fini(struct server *s)
{
	struct many *m = s->mode_data;

	hub_fini(&m->hub);
	free(m);
}

static bool is_busy(const struct server *s)
{
	const struct many *m = s->mode_data;

	return hub_is_busy(&m->hub);
}

static void on_done(struct stream *stream, int status)
{
	struct client *client = stream->data;
	struct server *s = client->server;
	bool is_everybodys = stream_local_failed(stream);

	if (is_everybodys)
		app_fail_quietly(s->app, status);
	client_done(client, status);
	if (is_everybodys)
		server_end(s);
}

static int start(struct client *client)
{
	struct many_client *c = container_of(client, struct many_client, client);
	struct server *s = client->server;
	struct many *m = s->mode_data;
	const struct stream_options options = {
		.connection = &client->connection,
		.config = &s->config->stream,
		.files = &m->files,
		.peer = client->channel,
		.sets_linger = server_sets_linger(s),
		.local = &c->member.channel,
		.done = on_done,
		.data = client,
	};
	int r;

	if (stream_files_begin(&m->files, s->app)) {
		server_end(s);
		return 0;
	}
	hub_join(&m->hub, &c->member, &c->stream.relay);
	r = stream_init(&c->stream, &options);
	if (r < 0) {
		hub_leave(&c->member);
		return r;
	}
	c->has_joined = true;
	client->channel = NULL;
	stream_start(&c->stream);
	return 0;
}

static void fini_client(struct client *client)
{
	struct many_client *c = container_of(client, struct many_client, client);

	if (c->has_joined)
		hub_leave(&c->member);
	stream_fini(&c->stream);
}

static void report_totals(struct client *client)
{
	stream_report_totals(&container_of(client, struct many_client, client)->stream);
}

static void add_doing(const struct client *client, struct str *doing)
{
	stream_add_doing(&container_of(client, struct many_client, client)->stream, doing);
}

const struct serve_mode serve_many = {
	.client_size = sizeof(struct many_client),
	.init = init,
	.fini = fini,
	.start = start,
	.fini_client = fini_client,
	.report_totals = report_totals,
	.add_doing = add_doing,
	.is_busy = is_busy,
};
