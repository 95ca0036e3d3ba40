// SPDX-License-Identifier: ISC
// Two words as addresses of socat: refused with a message, or made into a command line.
#include "fuzz.h"

#include "cmd/table.h"
#include "compat/socat/socat.h"

#include <errno.h>
#include <string.h>

static void check_split(const char *command)
{
	struct strlist words = {0};
	struct str err = {0};
	int r = socat_split_command(command, &words, &err);

	require((r == 0) == (err.len == 0));
	if (r < 0)
		require_message(str_c(&err));
	socat_words_fini(&words);
	str_fini(&err);
}

static void check_line(const struct cmdline *line)
{
	struct str text = {0};

	require(line->count > 1 && cmd_find(line->words[0]));
	require(line->words[line->count] == NULL);
	require(line->redirected <= CMDLINE_REDIRECTIONS);
	str_add_cmdline(&text, line);
	require(strncmp(str_c(&text), "sockctl ", strlen("sockctl ")) == 0);
	str_fini(&text);
}

static void check(const struct socat_config *config, char **argv)
{
	struct socat_word words[2] = {0};
	struct socat_plan plan = {0};
	struct str err = {0};
	int r = 0;

	for (int i = 0; i < 2 && r == 0; i++)
		r = socat_word_parse(&words[i], argv[i], &err);
	if (r == 0)
		r = socat_plan(config, &words[0], &words[1], &plan, &err);
	require(r == 0 || r == -EINVAL);
	require((r == 0) == (err.len == 0));
	if (r < 0)
		require_message(str_c(&err));
	else
		check_line(&plan.line);
	for (int i = 0; i < 2; i++)
		socat_word_fini(&words[i]);
	cmdline_fini(&plan.line);
	str_fini(&err);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const struct socat_config configs[] = {
		{.wait = "5"},
		{.left_to_right = true, .hex_dump = true},
		{.right_to_left = true, .idle_ms = 1000, .log_file = "log"},
	};
	struct fuzz_words w;

	fuzz_words_init(&w, data, len);
	check_split(w.argv[0]);
	for (size_t i = 0; w.argc > 1 && i < ARRAY_SIZE(configs); i++)
		check(&configs[i], w.argv);
	fuzz_words_fini(&w);
	return 0;
}
