// SPDX-License-Identifier: ISC
// Habits from other tools: each row of the table is met, and its advice can be followed.
#include "base/mem.h"
#include "cli/habits.h"
#include "cmd/table.h"
#include "help/guide.h"

#include "unit.h"

#include <stdlib.h>
#include <string.h>

#define MAX_MESSAGE 140 // two lines of 80 columns with "sockctl: udp-recv: "

// A word that the pattern of a row fits: 'x' for any, and the first of a class.
static char *sample_of(const char *pattern)
{
	char *word = xcalloc(strlen(pattern) + 1, 1);
	char *end = word;

	for (const char *p = pattern; *p; p++) {
		if (*p == '[') {
			*end++ = p[1];
			p += strcspn(p, "]");
		} else {
			*end++ = *p == '*' ? 'x' : *p;
		}
	}
	return word;
}

static void check_option(const struct habit *h, const struct cmd *cmd, const char *word, size_t len)
{
	char *option = xcalloc(len + 1, 1);

	memcpy(option, word, len);
	option[strcspn(option, "=")] = '\0';
	if (strcmp(option, "--help") != 0 && !opt_find(cmd, option))
		fail_msg("'%s': %s: %s has no %s", h->word, h->advice, cmd->name, option);
	free(option);
}

static bool is_help(const char *text, size_t len)
{
	const char help[] = "sockctl help ";
	char *topic = xcalloc(len + 1, 1);
	bool has = false;

	memcpy(topic, text, len);
	if (strncmp(topic, help, strlen(help)) == 0)
		has = guide_has_topic(topic + strlen(help));
	has |= strcmp(topic, "sockctl --version") == 0;
	free(topic);
	return has;
}

// The words between two quotes, which are typed after "sockctl" or as options of COMMAND.
static void check_quoted(const struct habit *h, const char *command, const char *text, size_t len)
{
	const struct cmd *cmd = *command ? cmd_find(command) : NULL;
	const char *end = text + len;
	int number = 0;

	for (const char *word = text; word < end; number++) {
		size_t n = strcspn(word, " '");

		if (number == 1 && strncmp(text, "sockctl ", 8) == 0) {
			char *name = xcalloc(n + 1, 1);

			memcpy(name, word, n);
			cmd = cmd_find_typed(name);
			if (!cmd && !is_help(text, len))
				fail_msg("'%s': %s: no command %s", h->word, h->advice, name);
			free(name);
			if (!cmd)
				return;
		} else if (*word == '-' && n > 1 && cmd) {
			check_option(h, cmd, word, n);
		}
		word += n + 1;
	}
}

static void check_advice(const struct habit *h, const char *command)
{
	bool typed = false;

	assert_non_null(h->advice);
	for (const char *p = strchr(h->advice, '\''); p; p = strchr(p, '\'')) {
		size_t len = strcspn(p + 1, "'");

		assert_int_equal(p[1 + len], '\'');
		check_quoted(h, command, p + 1, len);
		typed = true;
		p += len + 2;
	}
	if (!typed && strncmp(h->advice, "use ", 4) == 0)
		fail_msg("'%s': %s: what is to be typed is not quoted", h->word, h->advice);
}

// What the command line "COMMAND WORD" is answered with.
static void check_answer(const struct habit *h, const struct cmd *cmd, const char *word)
{
	char *argv[] = {(char *)cmd->name, (char *)word, NULL};
	void *config = xcalloc(1, cmd->config_size);
	struct str expected = {0};
	struct str err = {0};
	int first;

	if (word[0] == '-')
		str_addf(&expected, "no option '%s'; %s", word, h->advice);
	else
		str_addf(&expected, "'%s': %s", word, h->advice);
	assert_int_equal(opt_parse(cmd, config, 2, argv, &first, &err), OPT_BAD);
	assert_string_equal(str_c(&err), str_c(&expected));
	assert_true(err.len <= MAX_MESSAGE);
	opt_fini(cmd, config);
	free(config);
	str_fini(&err);
	str_fini(&expected);
}

static void check_command(const struct habit *h, const char *name)
{
	char *word = sample_of(h->word);
	const struct cmd *cmd = cmd_find(name);

	if (!cmd)
		fail_msg("'%s': no command %s", h->word, name);
	check_answer(h, cmd, word);
	check_advice(h, name);
	free(word);
}

static void check_row(const struct habit *h)
{
	char *names = xstrdup(h->commands);

	assert_non_null(memchr(h->commands, '\0', sizeof(h->commands)));
	assert_non_null(memchr(h->word, '\0', sizeof(h->word)));
	assert_non_null(memchr(h->advice, '\0', sizeof(h->advice)));
	for (char *rest = names, *name; (name = strsep(&rest, " "));)
		if (*name)
			check_command(h, strcmp(name, "*") == 0 ? "connect" : name);
	free(names);
}

static void test_options_and_arguments(void **state)
{
	(void)state;
	for (const struct habit *h = habits; *h->word; h++)
		check_row(h);
}

static void test_commands(void **state)
{
	(void)state;
	for (const struct habit *h = habits; *h->word; h++) {
		char *word = sample_of(h->word);

		if (!*h->commands) {
			assert_ptr_equal(habit_find("", word, strlen(word)), h);
			if (cmd_find(word))
				fail_msg("'%s' is a command", word);
			check_advice(h, "");
			assert_true(strlen(h->advice) <= MAX_MESSAGE);
		}
		free(word);
	}
}

static void test_other_words(void **state)
{
	(void)state;
	assert_null(habit_find("connect", "--nosuch", 8));
	assert_null(habit_find("connect", "localhost", 9));
	assert_null(habit_find("", "conect", 6));
	assert_null(habit_find("nosuch", "--all", 5));
	assert_null(habit_find("socket", "-a", 2)); // only the beginning of a name
	assert_non_null(habit_find("sockets", "--all=x", 5)); // only so many bytes
}

// A message quotes the beginning of a word, however long that is.
static void test_long_word(void **state)
{
	char word[2000];
	char *argv[] = {word, NULL};
	struct str err = {0};

	(void)state;
	memset(word, 'a', sizeof(word) - 1);
	word[0] = '+';
	word[sizeof(word) - 1] = '\0';
	assert_true(habit_refuses(&err, "resolve", 1, argv));
	assert_true(err.len <= 2 * MAX_MESSAGE);
	assert_non_null(strstr(str_c(&err), "… (1999 bytes)"));
	str_fini(&err);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_options_and_arguments),
		cmocka_unit_test(test_commands),
		cmocka_unit_test(test_other_words),
		cmocka_unit_test(test_long_word),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
