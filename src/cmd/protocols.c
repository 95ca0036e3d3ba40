// SPDX-License-Identifier: ISC
// sockctl protocols: the database of protocols, whole or looked up. See sockctl-protocols(1).
#include "app.h"
#include "base/value.h"
#include "reference/entries.h"
#include "net/names/database.h"

#include <errno.h>

struct protocols_config {
	struct common_config common;
};

static const struct opt_group groups[] = {COMMON_GROUP, {0}};

static const struct rows_column columns[] = {
	{"NAME", "{name}"}, {"NUMBER", "{number}"}, {"ALIASES", "{aliases}"}, {0}};

static void add_row(void *arg, const struct protoent *e)
{
	struct entry_query *q = arg;

	rows_add(&q->rows, F_STR("name", e->p_name), F_LIST("aliases", e->p_aliases),
		F_INT("number", e->p_proto));
}

static int list(struct entry_query *q)
{
	return protocols_list(add_row, q);
}

static int find(struct entry_query *q, const char *word)
{
	return protocols_find(word, add_row, q) ? 0 : -ENOENT;
}

static const struct database database = {
	.entry = "protocol",
	.file = "/etc/protocols",
	.package = "netbase",
	.columns = columns,
	.list = list,
	.find = find,
	.offer = protocols_suggest,
	.hold = protocols_hold,
	.release = protocols_release,
};

static int check(void *config, int argc, char **argv, struct str *err)
{
	(void)config;
	for (int i = 0; i < argc; i++) {
		uint64_t number = 0;

		if (parse_uint(argv[i], &number) == -ERANGE || number > UINT8_MAX)
			return bad_word(err, argv[i], "is out of range: 0 to 255");
	}
	return 0;
}

static int run(struct app *app, void *config, int argc, char **argv)
{
	return database_run(app, &database, config, argc, argv);
}

static const char *const examples[] = {
	"sockctl protocols tcp     # the number of a protocol",
	"sockctl protocols 1 58    # the names of numbers",
	NULL,
};

const struct cmd cmd_protocols = {
	.name = "protocols",
	.summary = "List protocols and their numbers, or look up entries",
	.operands = "[NAME|NUMBER]...",
	.words = "protocol...",
	.max_operands = -1,
	.config_size = sizeof(struct protocols_config),
	.groups = groups,
	.examples = examples,
	.check = check,
	.run = run,
};
