// SPDX-License-Identifier: ISC
// What an option table says to people and programs, and the faults that it may have.
#include "cli/opt.h"

#include "demo.h"
#include "unit.h"

#include <jansson.h>

static void test_help_text(void **state)
{
	struct str s = {0};

	(void)state;
	opt_help(&demo, &s);
	assert_non_null(strstr(str_c(&s), "Usage: sockctl demo [OPTION]... HOST [PORT]\n"
					  "Show every type of option.\n"));
	assert_non_null(strstr(str_c(&s), "\nAll types:\n  -f, --flag                  a flag\n"));
	assert_non_null(strstr(str_c(&s), "\n  -u, --number N              a number\n"));
	assert_non_null(strstr(str_c(&s), "\n  -m, --maybe[=WORD]          an optional"));
	assert_non_null(strstr(str_c(&s), "\n      --any N                 any number\n"));
	assert_non_null(strstr(str_c(&s), "\nShared:\n"));
	assert_non_null(strstr(str_c(&s), "\nExamples:\n  sockctl demo --flag\n"));
	str_fini(&s);
}

// Long names go on a line of their own, long texts are broken at blanks.
static void test_help_wraps(void **state)
{
	static const struct opt wide[] = {
		{"leaves-no-room-to-text", 0, OPT_FLAG, OPT_AT(struct demo_config, flag, bool), "",
			"a text of more than fifty characters, which is where the line has to end"},
		{"solid", 0, OPT_FLAG, OPT_AT(struct demo_config, flag, bool), "",
			"12345678901234567890123456789012345678901234567890"
			"12345678901234567890123456789012345678901234567890"},
		{""},
	};
	static const struct opt_group wide_groups[] = {{"Wide", wide, 0}, {0}};
	struct cmd cmd = demo;
	struct str s = {0};

	(void)state;
	cmd.groups = wide_groups;
	opt_help(&cmd, &s);
	assert_non_null(strstr(str_c(&s),
		"      --leaves-no-room-to-text\n"
		"                              a text of more than fifty characters, which is\n"
		"                              where the line has to end\n"));
	for (const char *line = str_c(&s); *line; line = strchr(line, '\n') + 1)
		assert_in_range(strcspn(line, "\n"), 0, 80);
	str_fini(&s);
}

static void test_dump(void **state)
{
	struct str s = {0};
	size_t lines = 0;

	(void)state;
	opt_dump(&demo, &s);
	for (const char *line = str_c(&s); *line; line += strcspn(line, "\n") + 1) {
		json_t *j = json_loads(line, JSON_DISABLE_EOF_CHECK, NULL);

		assert_non_null(j);
		assert_string_equal(json_string_value(json_object_get(j, "command")), "demo");
		lines++;
		json_decref(j);
	}
	assert_int_equal(lines, 13);
	str_fini(&s);
}

static void count_faults(const struct opt *faulty, const char *expected)
{
	const struct opt_group g[] = {{"Faulty", faulty, 0}, {0}};
	struct cmd cmd = demo;
	struct str s = {0};

	cmd.groups = g;
	opt_check_table(&cmd, &s);
	assert_string_equal(str_c(&s), expected);
	str_fini(&s);
}

static void test_table_faults(void **state)
{
	static const struct opt twice[] = {
		{"one", 'o', OPT_FLAG, 0, "", "text"},
		{"one", 0, OPT_FLAG, 0, "", "text"},
		{"two", 'o', OPT_FLAG, 0, "", "text"},
		{"help", 'h', OPT_FLAG, 0, "", "text"},
		{""},
	};
	static const struct opt ill_described[] = {
		{"empty", 0, OPT_FLAG, 0, "", ""},
		{"stop", 0, OPT_FLAG, 0, "", "Full."},
		{"meta", 0, OPT_FLAG, 0, "ARG", "text"},
		{"bare", 0, OPT_UINT, 0, "", "text"},
		{"unchosen", 0, OPT_CHOICE, 0, "ARG", "text"},
		{"range", 0, OPT_UINT, 0, "N", "text", .min = 5, .max = 4},
		{"log", 0, OPT_STRING, 0, "FILE", "text", .is_written = true},
		{"chooser", 0, OPT_FLAG, 0, "", "text", .mode = "log"},
		{"full", 0, OPT_STRING, 0, "SIXTEEN-LETTERS+", "text"},
		{""},
	};
	struct str s = {0};

	(void)state;
	count_faults(twice, "demo: --one: declared twice\n"
			    "demo: --two: its letter is taken\n"
			    "demo: --help: declared twice\n"
			    "demo: --help: its letter is taken\n");
	count_faults(ill_described, "demo: --empty: help is missing or ends in a full stop\n"
				    "demo: --stop: help is missing or ends in a full stop\n"
				    "demo: --meta: needs a metavariable only with an argument\n"
				    "demo: --bare: needs a metavariable only with an argument\n"
				    "demo: --unchosen: needs choices only as a choice\n"
				    "demo: --range: its range is empty\n"
				    "demo: --log: written, but not one file\n"
				    "demo: --chooser: its mode is the name of an option\n"
				    "demo: --full: a text leaves no room for its end\n");

	opt_check_table(&demo, &s);
	assert_str_becomes(&s, "");
	str_fini(&s);
}
int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_help_text),
		cmocka_unit_test(test_help_wraps),
		cmocka_unit_test(test_dump),
		cmocka_unit_test(test_table_faults),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
