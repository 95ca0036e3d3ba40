// SPDX-License-Identifier: ISC
#include "compat/translate.h"

#include "app.h"
#include "base/util.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

void translation_fini(struct translation *t)
{
	cmdline_fini(&t->line);
}

// Signals stay what they are, but for a reader of stdout that has left: data were lost.
static bool is_signal(int status)
{
	return status > STATUS_SIGNAL && status != STATUS_SIGNAL + SIGPIPE;
}

int netcat_status(int status)
{
	return status && !is_signal(status) ? 1 : status;
}

int ncat_status(int status)
{
	if (!status || is_signal(status))
		return status;
	return status >= STATUS_CONNECT && status <= STATUS_PROXY ? 1 : 2;
}

// A server that cannot listen has not met the network.
static int ncat_listen_status(int status)
{
	return status == STATUS_CONNECT ? 2 : ncat_status(status);
}

// Secrets are not shown by ps(1) for longer than it takes to read them.
static void wipe(const char *secret)
{
	for (char *p = (char *)(uintptr_t)secret; p && *p; p++)
		*p = '*';
}

int translate_netcat(const struct cmd *cmd, void *config, int argc, char **argv,
	struct translation *t, struct str *err)
{
	const struct netcat_dialect *dialect = cmd->program;
	struct netcat_config *c = config;
	struct netcat_plan plan = {0};
	int r;

	if (c->broker && !c->listen)
		c->listen = 1; // ncat needs no -l for it
	r = netcat_plan(dialect, c, argc, argv, &plan, err);
	t->line = plan.line;
	t->is_to_explain = c->explain;
	if (plan.is_exposed)
		t->warning = "every host that can reach this machine can use the program";
	t->status_of = cmd->status_of;
	if (dialect->is_ncat && c->listen)
		t->status_of = ncat_listen_status;
	t->spoken = (struct netcat_voice){
		.voice = dialect->voice->voice,
		.say = dialect->voice->say,
		.host = plan.host,
		.port = plan.port,
		.idle_ms = c->idle_ms,
		.is_numeric = c->numeric,
		.is_verbose = c->verbose,
		.is_udp = c->udp,
		.listens = c->listen,
		.serves_many = c->keep_open,
		.checks = c->zero,
	};
	wipe(c->proxy_auth);
	return r;
}
