// SPDX-License-Identifier: ISC
// Command lines: of every command, parsed to the end or refused with a message.
#include "fuzz.h"

#include "base/mem.h"
#include "cmd/table.h"

#include <stdlib.h>

static void check(const struct cmd *cmd, const struct fuzz_words *w)
{
	struct fuzz_words copy = *w; // parsing changes the order
	struct str err = {0};
	void *config = xcalloc(1, cmd->config_size);
	int first = -1;
	enum opt_result result = opt_parse(cmd, config, copy.argc, copy.argv, &first, &err);

	if (result == OPT_RUN && opt_check(cmd, config, copy.argc, copy.argv, first, &err) < 0)
		result = OPT_BAD;
	if (result == OPT_BAD) {
		require_message(str_c(&err));
	} else {
		require(err.len == 0 || result == OPT_HELP); // or the argument of --help
		require(first >= 1 && first <= copy.argc);
	}
	if (result == OPT_RUN) {
		require(copy.argc - first >= cmd->min_operands);
		require(cmd->max_operands < 0 || copy.argc - first <= cmd->max_operands);
	}
	opt_fini(cmd, config);
	free(config);
	str_fini(&err);
}

// The first word is the name of a command, as on a real command line.
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct fuzz_words w;
	const struct cmd *cmd;

	fuzz_words_init(&w, data, len);
	cmd = cmd_find(w.argv[0]);
	if (cmd)
		check(cmd, &w);
	else
		cmd_nearest(w.argv[0]);
	fuzz_words_fini(&w);
	return 0;
}
