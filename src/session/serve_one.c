// SPDX-License-Identifier: ISC
// One client, joined to stdin and stdout.
#include "session/serve.h"

#include "base/mem.h"

#include <stdlib.h>

struct one {
	struct stream_files files;
	struct channel local;
};

struct one_client {
	struct client client;
	struct stream stream;
	struct console console;
};

// The terminal is opened again for the one client.
static void add_needs(const struct server *s, struct sandbox *sandbox)
{
	(void)s;
	sandbox->needs |= SANDBOX_STDIO;
}

static int init(struct server *s)
{
	struct one *one = s->mode_data = xcalloc(1, sizeof(*one));
	int status = stream_files_open(
		&one->files, s->app, s->config->stream.input, s->config->stream.output);

	if (!status)
		status = console_check_input(s->app, &s->config->console, &one->files);
	return status ? status : stream_files_join(&one->files, s->app, &one->local);
}

static void fini(struct server *s)
{
	struct one *one = s->mode_data;

	channel_fini(&one->local);
	free(one);
}

static void on_done(struct stream *stream, int status)
{
	struct client *client = stream->data;
	struct one_client *c = container_of(client, struct one_client, client);

	client_done(client, console_judge(&c->console, status));
}

static int start(struct client *client)
{
	struct one_client *c = container_of(client, struct one_client, client);
	struct server *s = client->server;
	struct one *one = s->mode_data;
	const struct stream_options options = {
		.connection = &client->connection,
		.config = &s->config->stream,
		.files = &one->files,
		.peer = client->channel,
		.sets_linger = server_sets_linger(s),
		.local = &one->local,
		.done = on_done,
		.data = client,
	};
	int r;

	if (stream_files_begin(&one->files, s->app)) {
		server_end(s);
		return 0;
	}
	r = stream_init(&c->stream, &options);
	if (r < 0)
		return r;
	client->channel = NULL;
	r = console_init(&c->console, &s->config->console, &c->stream);
	if (r < 0)
		return r;
	stream_start(&c->stream);
	return 0;
}

static void fini_client(struct client *client)
{
	struct one_client *c = container_of(client, struct one_client, client);
	struct one *one = client->server->mode_data;

	console_fini(&c->console);
	stream_fini(&c->stream);
	channel_fini(&one->local);
}

static void stop(struct client *client, int signal)
{
	stream_stop(&container_of(client, struct one_client, client)->stream, signal);
}

static void report_totals(struct client *client)
{
	stream_report_totals(&container_of(client, struct one_client, client)->stream);
}

static void add_doing(const struct client *client, struct str *doing)
{
	stream_add_doing(&container_of(client, struct one_client, client)->stream, doing);
}

const struct serve_mode serve_one = {
	.client_size = sizeof(struct one_client),
	.add_needs = add_needs,
	.init = init,
	.fini = fini,
	.start = start,
	.fini_client = fini_client,
	.stop = stop,
	.report_totals = report_totals,
	.add_doing = add_doing,
};
