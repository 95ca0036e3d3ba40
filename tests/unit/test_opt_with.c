// SPDX-License-Identifier: ISC
// Options that go with others, with a mode, or with neither: what rows and groups say about it.
#include "cli/opt.h"

#include "unit.h"

struct config {
	bool flag, walk, run, slow, near, far, lazy;
	const char *name;
};

#define AT(field, type) OPT_AT(struct config, field, type)

static const struct opt opts[] = {
	{"flag", 'f', OPT_FLAG, AT(flag, bool), "", "needs a name", .only_with = "name"},
	{"name", 'n', OPT_STRING, AT(name, const char *), "NAME", "needs none, and comes once",
		.not_with = "name"},
	{"walk", 0, OPT_FLAG, AT(walk, bool), "", "a way to move", .mode = "moving"},
	{"run", 0, OPT_FLAG, AT(run, bool), "", "another, which no flag stands", .mode = "moving",
		.not_with = "walk flag"},
	{"slow", 0, OPT_FLAG, AT(slow, bool), "", "how to move, and what no command has",
		.only_with = "moving nosuch"},
	{""},
};

static const struct opt places[] = {
	{"near", 0, OPT_FLAG, AT(near, bool), "", "near", .also_with = "run", .not_with = "far"},
	{"far", 0, OPT_FLAG, AT(far, bool), "", "far", .only_with = "nosuch"},
	{""},
};

static const struct opt rests[] = {
	{"lazy", 0, OPT_FLAG, AT(lazy, bool), "", "lazy", .only_with = "name"}, {""}};

static const struct opt_group groups[] = {
	{"Options", opts, 0},
	{"Places", places, 0, .not_with = "moving"},
	{"Rests", rests, 0, .only_with = "near far lazier walk", .not_with = "nosuch"},
	{0},
};

static const struct cmd demo = {
	.name = "demo",
	.summary = "Show options that go with others",
	.config_size = sizeof(struct config),
	.groups = groups,
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

static void test_only_with_an_option(void **state)
{
	(void)state;
	check("--flag goes with --name only", "-f", NULL, NULL);
	check("--flag goes with --name only", "--flag", "-f", NULL);
	check("", "-f", "--name", "x");
	check("", "--name=x", "--flag", NULL);
	check("", "-nx", NULL, NULL);
	check("", NULL, NULL, NULL);
}

static void test_only_with_a_mode(void **state)
{
	(void)state;
	check("--slow goes with --walk or --run only", "--slow", NULL, NULL);
	check("", "--slow", "--walk", NULL);
	check("", "--run", "--slow", NULL);
	check("", "--far", NULL, NULL); // what it goes with is no option of this command
}

static void test_only_with_of_a_group(void **state)
{
	(void)state;
	check("--lazy goes with --name only", "--lazy", "--walk", NULL); // its own row comes first
	check("--lazy goes with --walk, --near or --far only", "--lazy", "-nx", NULL);
	check("", "--lazy", "-nx", "--near");
}

static void test_not_with(void **state)
{
	(void)state;
	check("--walk and --run exclude each other; give one of them", "--run", "--walk", NULL);
	check("--walk and --run exclude each other; give one of them", "--walk", "--run", NULL);
	check("--far and --near exclude each other; give one of them", "--near", "--far", NULL);
	check("--flag and --run exclude each other; give one of them", "-f", "--run", NULL);
	check("", "--run", "--run", NULL);
	check("--name and --name exclude each other; give one of them", "-nx", "-n", "y");
}

static void test_not_with_of_a_group(void **state)
{
	(void)state;
	check("--walk and --near exclude each other; give one of them", "--near", "--walk", NULL);
	check("--walk and --far exclude each other; give one of them", "--walk", "--far", NULL);
	check("--run and --far exclude each other; give one of them", "--run", "--far", NULL);
	check("", "--near", "--run", NULL); // the row takes it back
}

static void test_words(void **state)
{
	(void)state;
	assert_true(opt_words_have("one two", "one"));
	assert_true(opt_words_have("one two", "two"));
	assert_false(opt_words_have("one two", "on"));
	assert_false(opt_words_have("one two", "ones"));
	assert_false(opt_words_have("one two", "one two"));
	assert_false(opt_words_have("one two", ""));
	assert_false(opt_words_have(NULL, "one"));
	assert_true(opt_is_named(&opts[2], "moving"));
	assert_true(opt_is_named(&opts[2], "run walk"));
	assert_false(opt_is_named(&opts[2], "run"));
}

static void test_table(void **state)
{
	struct str s = {0};

	(void)state;
	opt_check_table(&demo, &s);
	assert_str_becomes(&s, "");
	opt_dump(&demo, &s);
	assert_non_null(
		strstr(str_c(&s), "\"name\":\"flag\",\"help\":\"needs a name\",\"letter\":\"f\","
				  "\"only_with\":[[\"name\"]],\"not_with\":[]}\n"));
	assert_non_null(strstr(str_c(&s), "\"only_with\":[],\"not_with\":[\"walk\",\"far\"]}\n"));
	assert_non_null(strstr(str_c(&s), "\"only_with\":[[\"name\"],[\"walk\",\"near\",\"far\"]],"
					  "\"not_with\":[]}\n"));
	str_fini(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_only_with_an_option),
		cmocka_unit_test(test_only_with_a_mode),
		cmocka_unit_test(test_only_with_of_a_group),
		cmocka_unit_test(test_not_with),
		cmocka_unit_test(test_not_with_of_a_group),
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_table),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
