// SPDX-License-Identifier: ISC
// An option that takes a program and its arguments: all words from there on.
#include "cli/opt.h"

#include "unit.h"

struct config {
	bool flag;
	struct strlist program;
};

static const struct opt opts[] = {
	{"flag", 'f', OPT_FLAG, OPT_AT(struct config, flag, bool), "", "a flag"},
	{"run", 'r', OPT_COMMAND, OPT_AT(struct config, program, struct strlist), "PROG [ARG]...",
		"a program"},
	{""},
};

static const struct opt_group groups[] = {{"All", opts, 0}, {0}};

static const struct cmd demo = {
	.name = "demo",
	.operands = "HOST [PORT]",
	.max_operands = 2,
	.config_size = sizeof(struct config),
	.groups = groups,
};

#define WORDS(...) ((const char *const[]){__VA_ARGS__, NULL})

// Parses words and checks the program, which is NULL if none is expected, and the operands.
static void check(const char *const *words, bool flag, const char *const *program,
	const char *const *operands)
{
	struct config config;
	struct str err = {0};
	char *argv[32] = {(char *)"demo"};
	int argc = 1;
	int first;
	size_t n = 0;

	for (; *words; words++)
		argv[argc++] = (char *)*words;
	assert_int_equal(opt_parse(&demo, &config, argc, argv, &first, &err), OPT_RUN);
	assert_string_equal(str_c(&err), "");
	assert_int_equal(config.flag, flag);
	for (; program && program[n]; n++)
		assert_string_equal(config.program.items[n], program[n]);
	assert_int_equal(config.program.count, n);
	if (program)
		assert_null(config.program.items[n]);
	for (n = 0; operands[n]; n++)
		assert_string_equal(argv[first + (int)n], operands[n]);
	assert_int_equal(argc - first, n);
	opt_fini(&demo, &config);
	str_fini(&err);
}

static void test_takes_all_that_follows(void **state)
{
	(void)state;
	check(WORDS("host", "--run", "prog"), false, WORDS("prog"), WORDS("host"));
	check(WORDS("host", "-f", "--run", "prog", "-f", "--", "--help", "x"), true,
		WORDS("prog", "-f", "--", "--help", "x"), WORDS("host"));
	check(WORDS("--run", "prog", "--run", "other"), false, WORDS("prog", "--run", "other"),
		WORDS(NULL));
}

static void test_forms(void **state)
{
	(void)state;
	check(WORDS("host", "80", "--run=prog", "a"), false, WORDS("prog", "a"),
		WORDS("host", "80"));
	check(WORDS("host", "-r", "prog", "a"), false, WORDS("prog", "a"), WORDS("host"));
	check(WORDS("host", "-rprog", "a"), false, WORDS("prog", "a"), WORDS("host"));
	check(WORDS("-fr", "prog"), true, WORDS("prog"), WORDS(NULL));
	check(WORDS("--run", ""), false, WORDS(""), WORDS(NULL));
}

static void test_operands_before_it(void **state)
{
	(void)state;
	check(WORDS("host", "-f", "80", "--run", "prog", "a", "b"), true, WORDS("prog", "a", "b"),
		WORDS("host", "80"));
	check(WORDS("-f", "host", "80", "--run", "prog"), true, WORDS("prog"), WORDS("host", "80"));
	check(WORDS("host", "80", "--run", "prog", "a", "b", "c", "d"), false,
		WORDS("prog", "a", "b", "c", "d"), WORDS("host", "80"));
}

static void test_not_an_option(void **state)
{
	(void)state;
	check(WORDS("host", "-f"), true, NULL, WORDS("host"));
	check(WORDS("--", "--run", "prog"), false, NULL, WORDS("--run", "prog"));
}

static void test_missing(void **state)
{
	struct config config;
	struct str err = {0};
	char *argv[] = {(char *)"demo", (char *)"host", (char *)"--run", NULL};
	int first;

	(void)state;
	assert_int_equal(opt_parse(&demo, &config, 3, argv, &first, &err), OPT_BAD);
	assert_string_equal(str_c(&err), "--run needs PROG [ARG]...");
	opt_fini(&demo, &config);
	str_fini(&err);
}

static void test_help(void **state)
{
	struct str help = {0};

	(void)state;
	opt_help(&demo, &help);
	assert_non_null(strstr(str_c(&help), "-r, --run PROG [ARG]..."));
	str_fini(&help);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_takes_all_that_follows),
		cmocka_unit_test(test_forms),
		cmocka_unit_test(test_operands_before_it),
		cmocka_unit_test(test_not_an_option),
		cmocka_unit_test(test_missing),
		cmocka_unit_test(test_help),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
