// SPDX-License-Identifier: ISC
// Finding the row for a word, and what is said then.
#include "cli/habits.h"

#include "cli/opt.h"

#include <fnmatch.h>
#include <string.h>

static bool is_among(const char *names, const char *name)
{
	if (!*names || !*name)
		return !*names && !*name;
	return strcmp(names, "*") == 0 || opt_words_have(names, name);
}

// Most rows begin or end otherwise, which is seen at no cost: every word of a command line is
// looked for.
static bool may_fit(const struct habit *h, const char *word)
{
	const char *end = h->word;
	size_t len = strlen(word);

	if (*end != *word && *end != '*' && *end != '[')
		return false;
	end += strlen(end) - 1;
	return *end == '*' || *end == ']' || (len && *end == word[len - 1]);
}

const struct habit *habit_find(const char *command, const char *word, size_t len)
{
	const struct habit *h = habits;
	struct str typed = {0};

	str_addn(&typed, word, len);
	while (*h->word && !(may_fit(h, str_c(&typed)) && is_among(h->commands, command) &&
				   fnmatch(h->word, str_c(&typed), 0) == 0))
		h++;
	str_fini(&typed);
	return *h->word ? h : NULL;
}

bool habit_add_advice(struct str *err, const char *command, const char *word, size_t len)
{
	const struct habit *h = habit_find(command, word, len);

	if (h)
		str_addf(err, "; %s", h->advice);
	return h;
}

bool habit_refuses(struct str *err, const char *command, int argc, char **argv)
{
	for (int i = 0; i < argc; i++) {
		size_t len = strlen(argv[i]);
		const struct habit *h =
			argv[i][0] == '-' ? NULL : habit_find(command, argv[i], len);

		if (!h)
			continue;
		str_addc(err, '\'');
		str_add_word(err, argv[i], len);
		str_addf(err, "': %s", h->advice);
		return true;
	}
	return false;
}
