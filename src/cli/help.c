// SPDX-License-Identifier: ISC
// What the option table says to people and to other programs: --help, completion words, a dump.
#include "cli/opt.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define WIDTH 80
#define HELP_COLUMN 30

// Adds TEXT in the columns from HELP_COLUMN to WIDTH, going on in new lines at blanks.
static void add_wrapped(struct str *out, size_t line_start, const char *text)
{
	while (*text) {
		size_t room = WIDTH - HELP_COLUMN;
		size_t len = strlen(text);

		if (out->len - line_start > HELP_COLUMN - 2) {
			str_addc(out, '\n');
			line_start = out->len;
		}
		str_pad(out, line_start + HELP_COLUMN);
		if (len > room) {
			for (len = room; len > 0 && text[len] != ' '; len--)
				;
			len = len ? len : room;
		}
		str_addn(out, text, len);
		str_addc(out, '\n');
		line_start = out->len;
		text += len;
		text += strspn(text, " ");
	}
}

static void add_option(struct str *out, const struct opt *o)
{
	size_t start = out->len;

	if (o->letter)
		str_addf(out, "  -%c, ", o->letter);
	else
		str_add(out, "      ");
	str_addf(out, "--%s", o->name);
	if (o->arg)
		str_addf(out, o->implied ? "[=%s]" : " %s", o->arg);
	add_wrapped(out, start, o->help);
}

static void add_group(struct str *out, const struct opt_group *g)
{
	str_addf(out, "\n%s:\n", g->title);
	opt_for_each (o, g)
		add_option(out, o);
}

void opt_help(const struct cmd *cmd, struct str *out)
{
	str_addf(out, "Usage: sockctl %s [OPTION]...%s%s\n%s.\n", cmd->name,
		cmd->operands ? " " : "", cmd->operands ? cmd->operands : "", cmd->summary);
	opt_for_each_group (g, cmd)
		add_group(out, g);
	str_add(out, "  -h, --help");
	add_wrapped(out, out->len - strlen("  -h, --help"), "print this help");
	if (cmd->examples)
		str_add(out, "\nExamples:\n");
	for (const char *const *e = cmd->examples; e && *e; e++)
		str_addf(out, "  %s\n", *e);
}

bool opt_help_on(const struct cmd *cmd, const char *word, struct str *out)
{
	const struct opt *o = opt_find(cmd, word);

	if (o)
		add_option(out, o);
	opt_for_each_group (g, cmd) {
		if (!o && *word && strncasecmp(g->title, word, strlen(word)) == 0) {
			add_group(out, g);
			return true;
		}
	}
	return o != NULL;
}

static json_t *describe(const struct cmd *cmd, const struct opt_group *g, const struct opt *o)
{
	char letter[] = {o->letter, '\0'};
	json_t *j = json_pack("{s:s, s:s, s:s, s:s}", "command", cmd->name, "group", g->title,
		"name", o->name, "help", o->help);

	if (o->letter)
		json_object_set_new(j, "letter", json_string(letter));
	if (o->arg)
		json_object_set_new(j, "argument", json_string(o->arg));
	if (o->implied)
		json_object_set_new(j, "optional", json_true());
	if (o->words)
		json_object_set_new(j, "words", json_string(o->words));
	if (o->choices) {
		json_t *list = json_array();

		for (int i = 0; o->choices[i]; i++)
			json_array_append_new(list, json_string(o->choices[i]));
		json_object_set_new(j, "choices", list);
	}
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
