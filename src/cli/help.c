// SPDX-License-Identifier: ISC
// What the option table says to people and to other programs: --help and a dump.
#include "cli/opt.h"

#include "base/wordlist.h"

#include <ctype.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define HELP_COLUMN 30

const struct opt opt_help_row = {"help", 'h', OPT_STRING, 0, "GROUP",
	"print this help, one group of options, or all", .is_optional = true};

static void add_option(struct str *out, const struct opt *o)
{
	size_t start = out->len;

	if (o->letter)
		str_addf(out, "  -%c, ", o->letter);
	else
		str_add(out, "      ");
	str_addf(out, "--%s", o->name);
	if (*o->arg)
		str_addf(out, o->is_optional ? "[=%s]" : " %s", o->arg);
	if (out->len - start > HELP_COLUMN - 2) {
		str_addc(out, '\n');
		start = out->len;
	}
	str_pad(out, start + HELP_COLUMN);
	str_add_wrapped(out, HELP_COLUMN, o->help);
}

static void add_group(struct str *out, const struct opt_group *g)
{
	str_addf(out, "\n%s:\n", g->title);
	opt_for_each (o, g)
		add_option(out, o);
}

static void add_usage(struct str *out, const struct cmd *cmd)
{
	str_addf(out, "Usage: sockctl %s [OPTION]...%s%s\n%s.\n", cmd->name,
		cmd->operands ? " " : "", cmd->operands ? cmd->operands : "", cmd->summary);
}

static void add_examples(struct str *out, const struct cmd *cmd)
{
	if (cmd->examples)
		str_add(out, "\nExamples:\n");
	for (const char *const *e = cmd->examples; e && *e; e++)
		str_addf(out, "  %s\n", *e);
}

static size_t count_lines(const char *text)
{
	size_t lines = 0;

	while ((text = strchr(text, '\n'))) {
		text++;
		lines++;
	}
	return lines;
}

// Adds every option to an empty text. Returns false, with a part of it, if that is more than MOST
// lines.
static bool add_all(struct str *out, const struct cmd *cmd, size_t most)
{
	add_usage(out, cmd);
	opt_for_each_group (g, cmd) {
		add_group(out, g);
		if (count_lines(str_c(out)) > most)
			return false;
	}
	add_option(out, &opt_help_row);
	add_examples(out, cmd);
	return count_lines(str_c(out)) <= most;
}

void opt_add_group_name(struct str *out, const struct opt_group *g)
{
	for (const char *p = g->name ? g->name : g->title; *p; p++)
		str_addc(out, (char)tolower((unsigned char)*p));
}

static void add_group_names(struct str *out, const struct cmd *cmd)
{
	struct str names = {0};

	str_addf(
		out, "\nAll groups of options ('sockctl help %s GROUP', or 'all'):\n  ", cmd->name);
	opt_for_each_group (g, cmd) {
		str_add(&names, names.len ? ", " : "");
		opt_add_group_name(&names, g);
	}
	str_add_wrapped(out, 2, str_c(&names));
	str_fini(&names);
}

static void add_everyday(struct str *out, const struct cmd *cmd)
{
	add_usage(out, cmd);
	str_add(out, "\nOptions for everyday use:\n");
	opt_for_each_group (g, cmd)
		opt_for_each (o, g)
			if (o->is_everyday)
				add_option(out, o);
	add_option(out, &opt_help_row);
	add_group_names(out, cmd);
	add_examples(out, cmd);
}

void opt_help(const struct cmd *cmd, struct str *out)
{
	struct str all = {0};

	if (add_all(&all, cmd, OPT_HELP_LINES))
		str_add(out, str_c(&all));
	else
		add_everyday(out, cmd);
	str_fini(&all);
}

// The group with the name WORD, or else the first one whose name or title begins with it.
static const struct opt_group *find_group(const struct cmd *cmd, const char *word)
{
	const struct opt_group *found = NULL;
	size_t len = strlen(word);

	opt_for_each_group (g, cmd) {
		const char *name = g->name ? g->name : g->title;

		if (strcasecmp(name, word) == 0)
			return g;
		if (!found && len &&
			(strncasecmp(name, word, len) == 0 ||
				strncasecmp(g->title, word, len) == 0))
			found = g;
	}
	return found;
}

bool opt_help_on(const struct cmd *cmd, const char *word, struct str *out)
{
	const struct opt *o = opt_find(cmd, word);
	const struct opt_group *g = find_group(cmd, word);

	if (strcmp(word, "all") == 0)
		add_all(out, cmd, SIZE_MAX);
	else if (o)
		add_option(out, o);
	else if (g)
		add_group(out, g);
	else
		return false;
	return true;
}

// The options that WORDS name in the command.
static json_t *named_options(const struct cmd *cmd, const char *words)
{
	json_t *list = json_array();

	opt_for_each_group (g, cmd)
		opt_for_each (o, g)
			if (opt_is_named(o, words))
				json_array_append_new(list, json_string(o->name));
	return list;
}

// "only_with" is a list of lists, of each of which one option has to be there.
static void describe_others(
	json_t *j, const struct cmd *cmd, const struct opt_group *g, const struct opt *o)
{
	json_t *lists = json_array();
	json_t *excluding = json_array();

	json_array_append_new(lists, named_options(cmd, o->only_with));
	json_array_append_new(lists, named_options(cmd, g->only_with));
	for (size_t i = json_array_size(lists); i-- > 0;)
		if (!json_array_size(json_array_get(lists, i)))
			json_array_remove(lists, i);
	opt_for_each_group (other_group, cmd)
		opt_for_each (other, other_group)
			if (opt_excludes(g, o, other))
				json_array_append_new(excluding, json_string(other->name));
	json_object_set_new(j, "only_with", lists);
	json_object_set_new(j, "not_with", excluding);
}

static json_t *describe(const struct cmd *cmd, const struct opt_group *g, const struct opt *o)
{
	char letter[] = {o->letter, '\0'};
	json_t *j = json_pack("{s:s, s:s, s:s, s:s}", "command", cmd->name, "group", g->title,
		"name", o->name, "help", o->help);

	if (o->letter)
		json_object_set_new(j, "letter", json_string(letter));
	if (*o->arg)
		json_object_set_new(j, "argument", json_string(o->arg));
	if (o->is_optional)
		json_object_set_new(j, "optional", json_true());
	if (*o->words)
		json_object_set_new(j, "words", json_string(o->words));
	if (o->is_everyday)
		json_object_set_new(j, "everyday", json_true());
	if (*o->choices) {
		json_t *list = json_array();

		for_each_word (choice, o->choices)
			json_array_append_new(list, json_stringn(choice, word_length(choice)));
		json_object_set_new(j, "choices", list);
	}
	describe_others(j, cmd, g, o);
	return j;
}

void opt_dump(const struct cmd *cmd, struct str *out)
{
	opt_for_each_group (g, cmd) {
		opt_for_each (o, g) {
			json_t *j = describe(cmd, g, o);
			char *text = json_dumps(j, JSON_COMPACT);

			str_addf(out, "%s\n", text);
			free(text);
			json_decref(j);
		}
	}
}
