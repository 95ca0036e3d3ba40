// SPDX-License-Identifier: ISC
// The option tables of the real commands.
#include "cmd/table.h"
#include "cmd/words.h"

#include "unit.h"

#include <ctype.h>

#define cmd_for_each(c) \
	for (const struct cmd_group *g_ = cmd_groups; g_->title; g_++) \
		for (const struct cmd *const *at_ = g_->cmds, *c; (c = *at_); at_++)

static void test_no_faults(void **state)
{
	struct str faults = {0};

	(void)state;
	cmd_for_each(cmd) opt_check_table(cmd, &faults);
	assert_string_equal(str_c(&faults), "");
	str_fini(&faults);
}

// Fails with the line if TEXT has one that is too wide for a terminal or ends in blanks.
static void check_lines(const char *name, const char *text)
{
	while (*text) {
		size_t len = strcspn(text, "\n");

		if (len > 80 || (len && text[len - 1] == ' '))
			fail_msg("%s: %.*s", name, (int)len, text);
		text += len;
		assert_int_equal(*text, '\n');
		text++;
	}
}

static void test_help_fits(void **state)
{
	struct str help = {0};

	(void)state;
	cmd_for_each(cmd)
	{
		opt_help(cmd, &help);
		check_lines(cmd->name, str_c(&help));
		str_clear(&help);
	}
	str_fini(&help);
}

static void test_help_ends_with_examples(void **state)
{
	(void)state;
	cmd_for_each(cmd)
	{
		size_t n = 0;

		for (const char *const *e = cmd->examples; e && *e; e++, n++)
			if (!strstr(*e, cmd->name) || !strstr(*e, "sockctl "))
				fail_msg("%s: no example of it: %s", cmd->name, *e);
		if (n < 2 || n > 3)
			fail_msg("%s: %zu examples", cmd->name, n);
	}
}

static void test_summaries(void **state)
{
	(void)state;
	cmd_for_each(cmd)
	{
		assert_non_null(cmd->summary);
		assert_true(isupper((unsigned char)cmd->summary[0]));
		assert_int_not_equal(cmd->summary[strlen(cmd->summary) - 1], '.');
		assert_non_null(cmd->run);
		assert_true(cmd->config_size > 0);
		if (cmd->max_operands)
			assert_non_null(cmd->operands);
	}
}

// The lines that completion gets after the words of a command line.
static void words_after(struct str *out, int count, const char *first, const char *second)
{
	char *words[] = {(char *)first, (char *)second};

	str_clear(out);
	cmd_words(count, words, out);
	for (const char *p = str_c(out); *p; p += strcspn(p, "\n") + 1) {
		size_t len = strcspn(p, "\n");

		assert_int_equal(p[len], '\n');
		assert_true(*p == ':' || memchr(p, '\t', len));
	}
}

static void test_words(void **state)
{
	struct str out = {0};

	(void)state;
	words_after(&out, 0, NULL, NULL);
	cmd_for_each(cmd)
	{
		struct str line = {0};

		str_addf(&line, "%s\t%s\n", cmd->name, cmd->summary);
		assert_non_null(strstr(str_c(&out), str_c(&line)));
		str_fini(&line);
	}
	words_after(&out, 1, "help", NULL);
	assert_non_null(strstr(str_c(&out), "connect\t"));
	words_after(&out, 1, "connect", NULL);
	assert_non_null(strstr(str_c(&out), "--timeout=\t"));
	words_after(&out, 2, "connect", "--until");
	assert_string_equal(str_c(&out), "both\t\npeer\t\ninput\t\n");
	words_after(&out, 2, "connect", "--set");
	assert_non_null(strstr(str_c(&out), "SO_KEEPALIVE\t"));
	words_after(&out, 2, "connect", "--output");
	assert_string_equal(str_c(&out), ":file\n");
	words_after(&out, 1, "no-such-command", NULL);
	assert_string_equal(str_c(&out), "");
	str_fini(&out);
}

static void test_find(void **state)
{
	(void)state;
	cmd_for_each(cmd) assert_ptr_equal(cmd_find(cmd->name), cmd);
	assert_null(cmd_find(""));
	assert_null(cmd_find("conn"));
	assert_null(cmd_find("CONNECT"));
}

static void test_nearest(void **state)
{
	(void)state;
	assert_string_equal(cmd_nearest("conect"), "connect");
	assert_string_equal(cmd_nearest("lisetn"), "listen");
	assert_string_equal(cmd_nearest("hepl"), "help");
	assert_null(cmd_nearest("frobnicate"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_no_faults),
		cmocka_unit_test(test_help_fits),
		cmocka_unit_test(test_help_ends_with_examples),
		cmocka_unit_test(test_summaries),
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_find),
		cmocka_unit_test(test_nearest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
