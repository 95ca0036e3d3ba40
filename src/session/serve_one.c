// SPDX-License-Identifier: ISC
// One client, joined to stdin and stdout.
#include "session/serve.h"

#include "base/mem.h"

#include <stdlib.h>

struct one_client {
	struct client client;
	struct channel local;
	struct stream stream;
	struct console console;
};

// Standard input and output are opened again for the one client.
static void add_needs(const struct listen_config *c, struct sandbox *sandbox)
{
	(void)c;
	sandbox->needs |= SANDBOX_STDIO;
}

static int init(struct server *s)
{
	struct stream_files *files = s->mode_data = xcalloc(1, sizeof(*files));

	int status =
		stream_files_open(files, s->app, s->config->stream.input, s->config->stream.output);

	return status ? status : console_check_input(s->app, &s->config->console, files);
}

static void fini(struct server *s)
{
	free(s->mode_data);
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
	struct stream_files *files = s->mode_data;
	const struct stream_options options = {
		.connection = &client->connection,
		.config = &s->config->stream,
		.files = files,
		.peer = client->channel,
		.sets_linger = server_sets_linger(s),
		.local = &c->local,
		.done = on_done,
		.data = client,
	};
	int r;

	if (stream_files_begin(files, s->app)) {
		server_end(s);
		return 0;
	}
	r = channel_init_stdio(&c->local, &s->app->loop, files->in, files->out);
	if (r == 0)
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

	console_fini(&c->console);
	stream_fini(&c->stream);
	channel_fini(&c->local);
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
