// SPDX-License-Identifier: ISC
// The option tables of the real commands, and the words that complete command lines.
#include "base/mem.h"
#include "cmd/table.h"
#include "help/word_kinds.h"
#include "help/words.h"

#include "unit.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define cmd_for_each(c) \
	for (const struct cmd_group *g_ = cmd_groups; g_->title; g_++) \
		for (const struct cmd *const *at_ = g_->cmds, *c; (c = *at_); at_++)

static void test_no_faults(void **state)
{
	struct str faults = {0};

	(void)state;
	cmd_for_each(cmd) opt_check_table(cmd, &faults);
	opt_check_table(cmd_find_typed("nc"), &faults);
	opt_check_table(cmd_find_typed("ncat"), &faults);
	assert_string_equal(str_c(&faults), "");
	str_fini(&faults);
}

// Fails with the line if TEXT has one that is too wide for a terminal or ends in blanks. Returns
// how many it has.
static size_t check_lines(const char *name, const char *text)
{
	size_t count = 0;

	for (; *text; count++) {
		size_t len = strcspn(text, "\n");

		if (len > 80 || (len && text[len - 1] == ' '))
			fail_msg("%s: %.*s", name, (int)len, text);
		text += len;
		assert_int_equal(*text, '\n');
		text++;
	}
	return count;
}

// A screen of help has a dozen options or so, the names of all groups, and the examples. Commands
// with few options show all of them there.
static void test_help_is_a_screen(void **state)
{
	struct str help = {0};
	struct str all = {0};

	(void)state;
	cmd_for_each(cmd)
	{
		size_t everyday = 0;

		opt_help(cmd, &help);
		opt_help_on(cmd, "all", &all);
		if (check_lines(cmd->name, str_c(&help)) > OPT_HELP_LINES)
			fail_msg("%s: --help is longer than a screen", cmd->name);
		assert_non_null(strstr(str_c(&help), "\nExamples:\n"));
		opt_for_each_group (g, cmd)
			opt_for_each (o, g)
				everyday += o->is_everyday;
		if (strcmp(str_c(&help), str_c(&all)) != 0 && (everyday < 8 || everyday > 20))
			fail_msg("%s: %zu options for everyday use", cmd->name, everyday);
		str_clear(&help);
		str_clear(&all);
	}
	str_fini(&help);
	str_fini(&all);
}

// Every option is in one group, and every group can be asked for by one word.
static void test_groups(void **state)
{
	struct str group = {0};
	struct str name = {0};
	struct str row = {0};

	(void)state;
	cmd_for_each(cmd)
	{
		opt_for_each_group (g, cmd) {
			str_clear(&name);
			opt_add_group_name(&name, g);
			str_clear(&group);
			if (strchr(str_c(&name), ' ') || !opt_help_on(cmd, str_c(&name), &group))
				fail_msg("%s: no group '%s'", cmd->name, str_c(&name));
			opt_for_each (o, g) {
				str_clear(&row);
				str_addf(&row, "--%s", o->name);
				const char *in = strstr(str_c(&group), str_c(&row));

				if (!in)
					fail_msg("%s: %s is not in '%s'", cmd->name, str_c(&row),
						str_c(&name));
			}
		}
	}
	str_fini(&group);
	str_fini(&name);
	str_fini(&row);
}

static void test_help_fits(void **state)
{
	struct str help = {0};

	(void)state;
	cmd_for_each(cmd)
	{
		opt_help_on(cmd, "all", &help);
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

// Whether the table OPTS is in the command, and WORD names one of its options there.
static bool has_table_and_word(const struct cmd *cmd, const struct opt *opts, const char *word)
{
	bool has_table = false;
	bool has_word = false;

	opt_for_each_group (g, cmd) {
		has_table |= g->opts == opts;
		opt_for_each (o, g)
			has_word |= opt_is_named(o, word);
	}
	return has_table && has_word;
}

static bool is_known_somewhere(const struct opt *opts, const char *word)
{
	cmd_for_each(cmd) if (has_table_and_word(cmd, opts, word)) return true;
	return false;
}

static void check_words(const struct opt_group *g, const char *name, const char *words)
{
	char *copy = xstrdup(words ? words : "");
	char *rest = copy;

	for (char *word; (word = strsep(&rest, " "));)
		if (*copy && !is_known_somewhere(g->opts, word))
			fail_msg("%s, --%s: no command with this table has a '%s'", g->title, name,
				word);
	free(copy);
}

// A word that nothing is called says nothing, so a mistyped one would go unnoticed.
static void test_words_that_exclude_or_allow(void **state)
{
	(void)state;
	cmd_for_each(cmd)
	{
		opt_for_each_group (g, cmd) {
			check_words(g, "*", g->only_with);
			check_words(g, "*", g->not_with);
			opt_for_each (o, g) {
				check_words(g, o->name, o->only_with);
				check_words(g, o->name, o->not_with);
				check_words(g, o->name, o->also_with);
			}
		}
	}
}

// The lines that completion gets for the last word of a command line.
static const char *words_for(struct str *out, const char *line)
{
	char *copy = xstrdup(line);
	char *words[8];
	int count = 0;

	for (char *p = copy; p; count++)
		words[count] = strsep(&p, " ");
	str_clear(out);
	cmd_words(count, words, out);
	for (const char *p = str_c(out); *p; p += strcspn(p, "\n") + 1) {
		size_t len = strcspn(p, "\n");

		assert_int_equal(p[len], '\n');
		assert_non_null(memchr(p, '\t', len));
	}
	free(copy);
	return str_c(out);
}

static void test_words_of_the_program(void **state)
{
	struct str out = {0};

	(void)state;
	cmd_for_each(cmd)
	{
		struct str line = {0};

		str_addf(&line, "%s\t%s\n", cmd->name, cmd->summary);
		assert_non_null(strstr(words_for(&out, ""), str_c(&line)));
		assert_non_null(strstr(words_for(&out, "help "), str_c(&line)));
		str_fini(&line);
	}
	assert_non_null(strstr(words_for(&out, "help "), "endpoints\t"));
	assert_non_null(strstr(words_for(&out, "help connect "), "--timeout\t"));
	assert_ptr_equal(strstr(words_for(&out, "help connect "), "all\t"), str_c(&out));
	assert_non_null(strstr(str_c(&out), "\nproxy\t"));
	assert_ptr_equal(strstr(words_for(&out, "connect --help="), "--help=all\t"), str_c(&out));
	assert_non_null(strstr(str_c(&out), "\n--help=tls\t"));
	assert_string_equal(words_for(&out, "no-such-command "), "");
	assert_string_equal(words_for(&out, "help no-such-command "), "");
	str_fini(&out);
}

static void test_words_of_options(void **state)
{
	struct str out = {0};

	(void)state;
	assert_non_null(strstr(words_for(&out, "connect -"), "--timeout=\t"));
	assert_non_null(strstr(words_for(&out, "connect -"), "--retry\t"));
	assert_non_null(strstr(words_for(&out, "connect host 80 -"), "--help\t"));
	assert_string_equal(words_for(&out, "connect --until "),
		"both\t\npeer\t\ninput\t\nidle\t\nidle-or-peer\t\n");
	assert_string_equal(words_for(&out, "connect --until=p"),
		"--until=both\t\n--until=peer\t\n--until=input\t\n--until=idle\t\n--until=idle-or-"
		"peer\t\n");
	assert_string_equal(words_for(&out, "connect --output "), ":file\t\n");
	assert_string_equal(words_for(&out, "connect --output=/t"), ":file\t--output=\n");
	assert_string_equal(words_for(&out, "connect --timeout "), "");
	assert_string_equal(words_for(&out, "connect --check="), "");
	assert_string_equal(words_for(&out, "connect --nosuch="), "");
	assert_non_null(strstr(words_for(&out, "connect -vo "), "SO_KEEPALIVE=\t"));
	assert_non_null(strstr(words_for(&out, "connect --get "), "TCP_INFO\t"));
	assert_null(strstr(words_for(&out, "connect --set "), "TCP_INFO"));
	assert_string_equal(words_for(&out, "listen --exec-file "), ":command\t\n:file\t\n");
	assert_string_equal(words_for(&out, "listen --exec-file ls -"), ":command\t\n:file\t\n");
	str_fini(&out);
}

static void test_words_of_values_of_socket_options(void **state)
{
	struct str out = {0};

	(void)state;
	words_for(&out, "connect --set=SO_KEEPALIVE=");
	assert_ptr_equal(strstr(str_c(&out), "--set=SO_KEEPALIVE=on\t"), str_c(&out));
	assert_non_null(strstr(str_c(&out), "\n--set=SO_KEEPALIVE=off\t"));
	assert_non_null(strstr(words_for(&out, "connect -o IP_MTU_DISCOVER="),
		"IP_MTU_DISCOVER=IP_PMTUDISC_DO\t"));
	assert_string_equal(words_for(&out, "connect -o SO_RCVBUF="), "");
	assert_string_equal(words_for(&out, "connect -o NO_SUCH="), "");
	str_fini(&out);
}

static void test_words_of_operands(void **state)
{
	struct str out = {0};

	(void)state;
	assert_string_equal(words_for(&out, "descriptor "), "tcp\t\nudp\t\nunix\t\n");
	assert_non_null(strstr(words_for(&out, "descriptor tcp "), "--json\t")); // no more operands
	assert_string_equal(words_for(&out, "descriptor -- tcp "), "");
	assert_non_null(strstr(words_for(&out, "connect "), ":host\t\n"));
	assert_null(strstr(words_for(&out, "connect host "), ":host"));
	assert_null(strstr(words_for(&out, "connect -w 5 host "), ":host"));
	assert_non_null(strstr(words_for(&out, "connect -w5 "), ":host"));
	assert_non_null(strstr(words_for(&out, "connect --retry "), ":host"));
	assert_non_null(strstr(words_for(&out, "errors EPERM EINTR "), "ECONNREFUSED\t"));
	assert_non_null(strstr(words_for(&out, "options "), "SO_LINGER\t"));
	assert_non_null(strstr(words_for(&out, "sockets -s "), "established\t"));
	assert_non_null(strstr(words_for(&out, "resolve --flag "), "AI_PASSIVE\t"));
	str_fini(&out);
}

static void test_kinds_of_words(void **state)
{
	(void)state;
	cmd_for_each(cmd)
	{
		if (cmd->words && !words_are_kinds(cmd->words))
			fail_msg("%s: '%s' are no kinds of words", cmd->name, cmd->words);
		opt_for_each_group (g, cmd)
			opt_for_each (o, g)
				if (*o->words && !words_are_kinds(o->words))
					fail_msg("%s --%s: '%s' is no kind of words", cmd->name,
						o->name, o->words);
	}
	assert_false(words_are_kinds("nosuch"));
	assert_false(words_are_kinds("file|nosuch host..."));
	assert_true(words_are_kinds("=nosuch|host service..."));
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
		cmocka_unit_test(test_help_is_a_screen),
		cmocka_unit_test(test_groups),
		cmocka_unit_test(test_words_that_exclude_or_allow),
		cmocka_unit_test(test_help_ends_with_examples),
		cmocka_unit_test(test_summaries),
		cmocka_unit_test(test_words_of_the_program),
		cmocka_unit_test(test_words_of_options),
		cmocka_unit_test(test_words_of_values_of_socket_options),
		cmocka_unit_test(test_words_of_operands),
		cmocka_unit_test(test_kinds_of_words),
		cmocka_unit_test(test_find),
		cmocka_unit_test(test_nearest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
