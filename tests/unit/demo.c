// SPDX-License-Identifier: ISC
#include "demo.h"

#include <errno.h>

static const struct opt shared_opts[] = {
	{"name", 'n', OPT_STRING, OPT_AT(struct demo_shared, name, const char *), "NAME", "name it",
		.not_with = "flag"},
	{"on", 0, OPT_FLAG, OPT_AT(struct demo_shared, on, bool), "", "turn it on"},
	{""},
};

static const struct opt opts[] = {
	{"flag", 'f', OPT_FLAG, OPT_AT(struct demo_config, flag, bool), "", "a flag"},
	{"verbose", 'v', OPT_COUNT, OPT_AT(struct demo_config, count, unsigned), "", "count"},
	{"text", 't', OPT_STRING, OPT_AT(struct demo_config, text, const char *), "TEXT", "a text"},
	{"list", 'l', OPT_LIST, OPT_AT(struct demo_config, list, struct strlist), "WORD", "words",
		.not_with = "text"},
	{"number", 'u', OPT_UINT, OPT_AT(struct demo_config, number, uint64_t), "N", "a number",
		.min = 1, .max = 100},
	{"any", 0, OPT_UINT, OPT_AT(struct demo_config, any, uint64_t), "N", "any number"},
	{"mode", 0, OPT_OCTAL, OPT_AT(struct demo_config, mode, uint64_t), "OCTAL", "a mode",
		.max = 0777},
	{"size", 's', OPT_SIZE, OPT_AT(struct demo_config, size, uint64_t), "SIZE", "a size",
		.min = 1, .max = 1 << 20},
	{"timeout", 'w', OPT_DURATION, OPT_AT(struct demo_config, time, uint64_t), "TIME", "a time",
		.min = 1, .max = 60000},
	{"colour", 'c', OPT_CHOICE, OPT_AT(struct demo_config, choice, int), "COLOUR", "a choice",
		.choices = "red green blue"},
	{"maybe", 'm', OPT_STRING, OPT_AT(struct demo_config, maybe, const char *), "WORD",
		"an optional argument", .is_optional = true, .implied = "implied"},
	{""},
};

static const struct opt_group groups[] = {
	{"All types", opts, 0},
	{"Shared", shared_opts, offsetof(struct demo_config, shared)},
	{0},
};

// Stands for what a table cannot say.
static int check_count(void *config, int argc, char **argv, struct str *err)
{
	const struct demo_config *c = config;

	(void)argv;
	if (c->count != 5)
		return 0;
	str_addf(err, "five is too verbose for %d operands", argc);
	return -EINVAL;
}

static const struct demo_config defaults = {.text = "default", .number = 42, .choice = 2};
static const char *const examples[] = {"sockctl demo --flag", "sockctl demo -v", NULL};

const struct cmd demo = {
	.name = "demo",
	.summary = "Show every type of option",
	.operands = "HOST [PORT]",
	.min_operands = 0,
	.max_operands = 2,
	.config_size = sizeof(struct demo_config),
	.defaults = &defaults,
	.groups = groups,
	.examples = examples,
	.check = check_count,
};
