// SPDX-License-Identifier: ISC
// Clients joined to programs, each to one of its own.
#include "session/serve.h"

#include "base/mem.h"
#include "session/exec.h"

#include <stdlib.h>

struct exec_mode {
	struct program program;
	struct children children;
};

struct exec_client {
	struct client client;
	struct exec exec;
};

static int init(struct server *s)
{
	struct exec_mode *e = s->mode_data = xcalloc(1, sizeof(*e));

	return exec_prepare(s->app, &s->config->program, &e->program, &e->children);
}

static void fini(struct server *s)
{
	struct exec_mode *e = s->mode_data;

	children_fini(&e->children);
	program_fini(&e->program);
	free(e);
}

static void on_done(struct exec *exec, int status)
{
	client_done(exec->data, status);
}

static int start(struct client *client)
{
	struct exec_client *c = container_of(client, struct exec_client, client);
	struct server *s = client->server;
	struct exec_mode *e = s->mode_data;
	const struct exec_options options = {
		.children = &e->children,
		.connection = &client->connection,
		.config = &s->config->stream,
		.program = &e->program,
		.channel = client->channel,
		.is_only = !s->serves_many,
		.sets_linger = server_sets_linger(s),
		.done = on_done,
		.data = client,
	};
	int r = exec_start(&c->exec, &options);

	if (r == 0)
		client->channel = NULL;
	return r;
}

static void fini_client(struct client *client)
{
	exec_fini(&container_of(client, struct exec_client, client)->exec);
}

static void report_totals(struct client *client)
{
	exec_report_totals(&container_of(client, struct exec_client, client)->exec);
}

static void add_doing(const struct client *client, struct str *doing)
{
	exec_add_doing(&container_of(client, struct exec_client, client)->exec, doing);
}

const struct serve_mode serve_exec = {
	.client_size = sizeof(struct exec_client),
	.descriptors = 1,
	.gives_access = true,
	.init = init,
	.fini = fini,
	.start = start,
	.fini_client = fini_client,
	.report_totals = report_totals,
	.add_doing = add_doing,
};
