// SPDX-License-Identifier: ISC
// sockctl errors: the errors of the system, of the resolver and of WinSock. See sockctl-errors(1).
#include "app.h"
#include "net/names/error_table.h"
#include "reference/table.h"

struct errors_config {
	struct common_config common;
};

static const struct opt_group groups[] = {COMMON_GROUP, {0}};

static const struct rows_column columns[] = {{"NUM", "{number}"}, {"NAME", "{name}"},
	{"BSD", "{bsd_number}"}, {"WSA", "{winsock_number}"}, {"WINSOCK", "{winsock}"},
	{"MEANING", "{text}"}, {"ALIASES", "{aliases}"}, {0}};

static const char *const kinds[] = {
	[ERROR_ERRNO] = "errno",
	[ERROR_EAI] = "eai",
	[ERROR_HERR] = "h_errno",
	[ERROR_WINSOCK] = "winsock",
	[ERROR_CALL] = "winsock-call",
};

static void add_row(void *arg, const struct error_entry *e)
{
	// Calls have no number; other errors than those of the system may be below zero.
	struct field number = F_INT("number", e->number);

	if (!e->number)
		number.type = FIELD_STR;
	rows_add((struct rows *)arg, number, F_STR("name", e->name), F_LIST("aliases", e->aliases),
		F_STR("kind", kinds[e->kind]), F_STR("text", e->text), F_STR("winsock", e->winsock),
		field_uint_if("winsock_number", e->winsock_number, (uint64_t)e->winsock_number),
		field_uint_if("bsd_number", e->bsd_number, (uint64_t)e->bsd_number));
}

static void fail(struct app *app, const char *word)
{
	const char *near = errors_nearest(word);

	if (near)
		app_failf(app, STATUS_NOT_FOUND, word, "no such error; did you mean '%s'?", near);
	else
		app_failf(
			app, STATUS_NOT_FOUND, word, "no such error; 'sockctl errors' lists them");
}

static int run(struct app *app, void *arg, int argc, char **argv)
{
	const struct errors_config *config = arg;
	struct rows rows;

	rows_init(&rows, config->common.json, columns);
	if (argc == 0)
		errors_list(add_row, &rows);
	for (int i = 0; i < argc; i++)
		if (!errors_find(argv[i], add_row, &rows))
			fail(app, argv[i]);
	table_print(app, &rows);
	rows_fini(&rows);
	return app->status;
}

static const char *const examples[] = {
	"sockctl errors 111 EAI_AGAIN   # what two errors mean",
	"sockctl errors WSAEWOULDBLOCK  # what an error of WinSock is here",
	"sockctl errors refused         # errors that say so",
	NULL,
};

const struct cmd cmd_errors = {
	.name = "errors",
	.summary = "Explain errors of the system, the resolver and WinSock",
	.operands = "[NAME|NUMBER|TEXT]...",
	.words = "error...",
	.max_operands = -1,
	.config_size = sizeof(struct errors_config),
	.groups = groups,
	.examples = examples,
	.run = run,
};
