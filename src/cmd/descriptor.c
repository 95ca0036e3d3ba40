// SPDX-License-Identifier: ISC
// sockctl descriptor: what the calls that every descriptor takes do on a socket. See sockctl-
// descriptor(1).
#include "app.h"
#include "base/value.h"
#include "net/inspect/fd_survey.h"
#include "reference/table.h"

#include <errno.h>
#include <string.h>

struct descriptor_config {
	struct common_config common;
};

static const struct opt_group groups[] = {COMMON_GROUP, {0}};

static const struct rows_column columns[] = {
	{"CALL", "{call}"}, {"PROMISE", "{promise}"}, {"RESULT", "{verdict}"}, {0}};

static const char *const kinds[] = {
	[PAIR_TCP] = "tcp", [PAIR_UDP] = "udp", [PAIR_UNIX] = "unix", NULL};

static int kind_of(const char *word)
{
	for (int i = 0; kinds[i]; i++)
		if (strcmp(kinds[i], word) == 0)
			return i;
	return -1;
}

static void add_row(const struct fd_survey_outcome *o, void *arg)
{
	struct rows *rows = arg;

	rows_add(rows, F_STR("call", o->call), F_STR("function", o->function),
		F_INT("returned", o->result), F_STR("errno", o->error),
		F_STR("promise", o->promise), F_STR("verdict", o->verdict));
}

static int check(void *config, int argc, char **argv, struct str *err)
{
	(void)config;
	if (!argc || kind_of(argv[0]) >= 0)
		return 0;
	return bad_word(err, argv[0], "is none of tcp, udp and unix");
}

static int run(struct app *app, void *config, int argc, char **argv)
{
	const struct descriptor_config *c = config;
	struct rows rows;
	enum step step;

	rows_init(&rows, c->common.json, columns);
	int r = fd_survey_run(
		argc ? (enum pair_kind)kind_of(argv[0]) : PAIR_TCP, add_row, &rows, &step);
	if (r < 0)
		app_fail(app, STATUS_CONNECT, step_name(step), r);
	table_print(app, &rows);
	rows_fini(&rows);
	return app->status;
}

static const char *const examples[] = {
	"sockctl descriptor        # what read, dup ... do on a TCP connection",
	"sockctl descriptor unix   # the same on a connection of the Unix domain",
	NULL,
};

const struct cmd cmd_descriptor = {
	.name = "descriptor",
	.summary = "Show the effect of file descriptor calls on sockets",
	.operands = "[tcp|udp|unix]",
	.words = "=tcp|=udp|=unix",
	.max_operands = 1,
	.config_size = sizeof(struct descriptor_config),
	.groups = groups,
	.examples = examples,
	.check = check,
	.run = run,
};
