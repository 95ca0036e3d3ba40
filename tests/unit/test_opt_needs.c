// SPDX-License-Identifier: ISC
#include "cli/opt.h"

#include "unit.h"

struct config {
	bool flag;
	const char *name;
};

static const struct opt opts[] = {
	{"flag", 'f', OPT_FLAG, OPT_AT(struct config, flag, bool), NULL, "needs a name"},
	{"name", 'n', OPT_STRING, OPT_AT(struct config, name, const char *), "NAME", "needs none"},
	{0},
};

static const struct opt_group groups[] = {{"Options", opts, 0}, {0}};
static const char *const needs[][2] = {{"flag", "name"}, {NULL, NULL}};

static const struct cmd demo = {
	.name = "demo",
	.summary = "Show an option that needs another",
	.config_size = sizeof(struct config),
	.groups = groups,
	.needs = needs,
};

// Parses up to three words; TEXT is what is said about them.
static void check(const char *text, const char *a, const char *b, const char *c)
{
	char *argv[] = {(char *)"demo", (char *)a, (char *)b, (char *)c, NULL};
	struct config config;
	struct str err = {0};
	int argc = 1;
	int first;

	while (argv[argc])
		argc++;
	assert_int_equal(
		opt_parse(&demo, &config, argc, argv, &first, &err), *text ? OPT_BAD : OPT_RUN);
	assert_string_equal(str_c(&err), text);
	opt_fini(&demo, &config);
	str_fini(&err);
}

static void test_needs(void **state)
{
	(void)state;
	check("--flag goes with --name only", "-f", NULL, NULL);
	check("--flag goes with --name only", "--flag", "-f", NULL);
	check("", "-f", "--name", "x");
	check("", "--name=x", "--flag", NULL);
	check("", "-nx", NULL, NULL);
	check("", NULL, NULL, NULL);
}

static void test_table(void **state)
{
	static const char *const unknown[][2] = {{"flag", "nam"}, {NULL, NULL}};
	struct cmd cmd = demo;
	struct str s = {0};

	(void)state;
	opt_check_table(&cmd, &s);
	assert_str_becomes(&s, "");
	cmd.needs = unknown;
	opt_check_table(&cmd, &s);
	assert_str_becomes(&s, "demo: --nam: in a pair but not declared\n");
	str_fini(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_needs),
		cmocka_unit_test(test_table),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
