// SPDX-License-Identifier: ISC
// Options that stand for socket options, beside --set, which names them: the last one wins.
#include "cli/opt.h"

#include "base/wordlist.h"

#include <string.h>
#include <strings.h>

static bool is_setting_of(const char *word, const char *name, size_t len)
{
	return strncasecmp(word, name, len) == 0 && (word[len] == '=' || !word[len]);
}

bool opt_sets(const struct strlist *settings, const char *name)
{
	for (size_t i = 0; i < settings->count; i++)
		if (is_setting_of(settings->items[i], name, strlen(name)))
			return true;
	return false;
}

static void drop(struct strlist *settings, const char *name, size_t len)
{
	size_t kept = 0;

	for (size_t i = 0; i < settings->count; i++)
		if (!is_setting_of(settings->items[i], name, len))
			settings->items[kept++] = settings->items[i];
	settings->count = kept;
}

void opt_drop_settings(const struct cmd *cmd, void *config, const struct opt *o)
{
	opt_for_each_group (g, cmd) {
		opt_for_each (set, g) {
			struct strlist *settings = (void *)((char *)config + g->base + set->offset);

			if (strcmp(set->name, "set") != 0 || set->type != OPT_LIST)
				continue;
			for_each_word (name, o->sets)
				drop(settings, name, word_length(name));
		}
	}
}
