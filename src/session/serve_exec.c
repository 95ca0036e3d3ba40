// SPDX-License-Identifier: ISC
// Clients joined to programs, each to one of its own.
#include "session/serve.h"

#include "base/mem.h"
#include "session/exec.h"

#include <stdlib.h>

struct exec {
	struct program program;
	struct children children;
};

struct exec_client {
	struct client client;
	struct session session;
};

static int init(struct server *s)
{
	struct exec *e = s->mode_data = xcalloc(1, sizeof(*e));
	int status = program_find(s->app, &s->config->program, &e->program);
	int r;

	if (status)
		return status;
	r = children_init(&e->children, &s->app->loop);
	return r < 0 ? app_fail(s->app, STATUS_LOCAL, e->program.name, r) : 0;
}

static void fini(struct server *s)
{
	struct exec *e = s->mode_data;

	children_fini(&e->children);
	program_fini(&e->program);
	free(e);
}

static void on_done(struct session *session, int status)
{
	client_done(session->data, status);
}

static int start(struct client *client)
{
	struct exec_client *c = container_of(client, struct exec_client, client);
	struct server *s = client->server;
	struct exec *e = s->mode_data;
	int r = session_start(&c->session, &e->children, &client->connection, &s->config->stream,
		&e->program, client->fd, client->is_private, on_done, client);

	if (r < 0)
		return r;
	client->fd = -1;
	c->session.is_only = !s->serves_many;
	return 0;
}

static void fini_client(struct client *client)
{
	session_fini(&container_of(client, struct exec_client, client)->session);
}

static void report_totals(struct client *client)
{
	session_report_totals(&container_of(client, struct exec_client, client)->session);
}

static void add_doing(const struct client *client, struct str *doing)
{
	session_add_doing(&container_of(client, struct exec_client, client)->session, doing);
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
