// SPDX-License-Identifier: ISC
// Finding options in the table of a command, and faults of the table.
#include "cli/opt.h"

#include <string.h>

static const struct opt *find_name(const struct cmd *cmd, const char *name)
{
	opt_for_each_group (g, cmd)
		opt_for_each (o, g)
			if (strcmp(o->name, name) == 0)
				return o;
	return NULL;
}

static const struct opt *find_letter(const struct cmd *cmd, char letter)
{
	opt_for_each_group (g, cmd)
		opt_for_each (o, g)
			if (o->letter == letter)
				return o;
	return NULL;
}

const struct opt *opt_find(const struct cmd *cmd, const char *word)
{
	if (strncmp(word, "--", 2) == 0)
		return find_name(cmd, word + 2);
	return word[0] == '-' && word[1] && !word[2] ? find_letter(cmd, word[1]) : NULL;
}

static void fault(struct str *faults, const struct cmd *cmd, const char *name, const char *what)
{
	str_addf(faults, "%s: --%s: %s\n", cmd->name, name, what);
}

#define END(text) (text)[sizeof(text) - 1]

// A text may fill its room to the last byte without a word of the compiler.
static bool has_ends(const struct opt *o)
{
	const char ends[] = {END(o->name), END(o->arg), END(o->help), END(o->choices),
		END(o->implied), END(o->words), END(o->instead), END(o->sets), END(o->mode),
		END(o->only_with), END(o->not_with), END(o->also_with)};

	for (size_t i = 0; i < sizeof(ends); i++)
		if (ends[i])
			return false;
	return true;
}

void opt_check_table(const struct cmd *cmd, struct str *faults)
{
	opt_for_each_group (g, cmd) {
		opt_for_each (o, g) {
			if (find_name(cmd, o->name) != o || strcmp(o->name, "help") == 0)
				fault(faults, cmd, o->name, "declared twice");
			if (o->letter && (find_letter(cmd, o->letter) != o || o->letter == 'h'))
				fault(faults, cmd, o->name, "its letter is taken");
			if (!*o->help || o->help[strlen(o->help) - 1] == '.')
				fault(faults, cmd, o->name,
					"help is missing or ends in a full stop");
			if (opt_takes_arg(o) != !!*o->arg)
				fault(faults, cmd, o->name,
					"needs a metavariable only with an argument");
			if ((o->type == OPT_CHOICE) != !!*o->choices)
				fault(faults, cmd, o->name, "needs choices only as a choice");
			if (o->max && o->min > o->max)
				fault(faults, cmd, o->name, "its range is empty");
			if (o->is_written && (o->type != OPT_STRING || !opt_is_file(o)))
				fault(faults, cmd, o->name, "written, but not one file");
			if (*o->mode && find_name(cmd, o->mode))
				fault(faults, cmd, o->name, "its mode is the name of an option");
			if (!has_ends(o))
				fault(faults, cmd, o->name, "a text leaves no room for its end");
		}
	}
}
