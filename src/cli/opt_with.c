// SPDX-License-Identifier: ISC
// Which options go together: what rows and groups of the table say about other options and modes.
#include "cli/opt.h"

#include "base/wordlist.h"

#include <errno.h>
#include <string.h>

bool opt_words_have(const char *words, const char *word)
{
	for_each_word (each, words ? words : "")
		if (word_is(each, word))
			return true;
	return false;
}

bool opt_is_named(const struct opt *o, const char *words)
{
	return opt_words_have(words, o->name) || opt_words_have(words, o->mode);
}

bool opt_excludes(const struct opt_group *g, const struct opt *o, const struct opt *other)
{
	if (o == other)
		return opt_words_have(o->not_with, o->name);
	return opt_is_named(other, o->not_with) ||
	       (opt_is_named(other, g->not_with) && !opt_is_named(other, o->also_with));
}

static int check_excluded(const struct cmd *cmd, const unsigned *given, const struct opt_group *g,
	const struct opt *o, struct str *err)
{
	size_t n = 0;

	opt_for_each_group (other_group, cmd) {
		opt_for_each (other, other_group) {
			if (given[n++] <= (other == o) || !opt_excludes(g, o, other))
				continue;
			str_addf(err, "--%s and --%s exclude each other; give one of them",
				other->name, o->name);
			return -EINVAL;
		}
	}
	return 0;
}

// Adds the options that WORDS name: "--exec or --exec-file".
static void add_named(struct str *err, const struct cmd *cmd, const char *words)
{
	const char *last = NULL;
	const char *separator = "";

	opt_for_each_group (g, cmd) {
		opt_for_each (o, g) {
			if (!opt_is_named(o, words))
				continue;
			if (last) {
				str_addf(err, "%s--%s", separator, last);
				separator = ", ";
			}
			last = o->name;
		}
	}
	str_addf(err, "%s--%s", *separator ? " or " : "", last);
}

// One of the options that WORDS name has to be there, where the command has any of them.
static int check_needed(const struct cmd *cmd, const unsigned *given, const struct opt *o,
	const char *words, struct str *err)
{
	bool is_lacking = false;
	size_t n = 0;

	if (!words)
		return 0;
	opt_for_each_group (g, cmd) {
		opt_for_each (other, g) {
			bool is_given = given[n++] > 0;

			if (!opt_is_named(other, words))
				continue;
			if (is_given)
				return 0;
			is_lacking = true;
		}
	}
	if (!is_lacking)
		return 0;
	str_addf(err, "--%s goes with ", o->name);
	add_named(err, cmd, words);
	str_add(err, " only");
	return -EINVAL;
}

int opt_check_given(const struct cmd *cmd, const unsigned *given, struct str *err)
{
	size_t n = 0;
	int r = 0;

	opt_for_each_group (g, cmd)
		opt_for_each (o, g)
			if (given[n++] && r == 0)
				r = check_excluded(cmd, given, g, o, err);
	n = 0;
	opt_for_each_group (g, cmd) {
		opt_for_each (o, g) {
			if (!given[n++])
				continue;
			if (r == 0)
				r = check_needed(cmd, given, o, o->only_with, err);
			if (r == 0)
				r = check_needed(cmd, given, o, g->only_with, err);
		}
	}
	return r;
}
