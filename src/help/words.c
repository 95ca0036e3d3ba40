// SPDX-License-Identifier: ISC
#include "help/words.h"

#include "base/wordlist.h"
#include "help/event_list.h"
#include "help/guide.h"
#include "cmd/table.h"
#include "help/translations.h"
#include "help/word_kinds.h"

#include <string.h>

// Where on a command line a word is to be completed.
struct position {
	const struct opt *option; // the word before it, if that wants a value
	const struct opt *program; // takes all words from somewhere before on
	int operands; // before it
	bool ended; // by "--"
};

static void add_commands(struct words *w)
{
	for (const struct cmd_group *g = cmd_groups; g->title; g++)
		for (const struct cmd *const *c = g->cmds; *c; c++)
			words_add(w, (*c)->name, (*c)->summary);
}

static void add_options(struct words *w, const struct cmd *cmd)
{
	opt_for_each_group (g, cmd)
		opt_for_each (o, g)
			str_addf(w->out, "--%s%s\t%s\n", o->name,
				*o->arg && !o->is_optional ? "=" : "", o->help);
	str_addf(w->out, "--%s\t%s\n", opt_help_row.name, opt_help_row.help);
}

// What "help COMMAND" and "--help=" take beside options.
static void add_groups(struct words *w, const struct cmd *cmd)
{
	struct str name = {0};

	words_add(w, "all", "every option");
	opt_for_each_group (g, cmd) {
		str_clear(&name);
		opt_add_group_name(&name, g);
		words_add(w, str_c(&name), "group of options");
	}
	str_fini(&name);
}

static void add_values(struct words *w, const struct opt *o)
{
	struct str word = {0};

	for_each_word (choice, o->choices) {
		str_clear(&word);
		str_add_first_word(&word, choice);
		words_add(w, str_c(&word), NULL);
	}
	str_fini(&word);
	if (*o->words)
		words_add_kinds(w, o->words, 0);
}

// The option whose value comes in the word after WORD: "--timeout", "-w", "-kw".
static const struct opt *wants_value(const struct cmd *cmd, const char *word)
{
	char letter[] = {'-', '\0', '\0'};
	const struct opt *o = opt_find(cmd, word);

	if (!o && word[0] == '-' && word[1] != '-') {
		for (const char *p = word + 1; *p; p++) {
			letter[1] = *p;
			o = opt_find(cmd, letter);
			if (o && opt_takes_arg(o))
				return p[1] || o->is_optional ? NULL : o;
		}
		return NULL;
	}
	return o && opt_takes_arg(o) && !o->is_optional ? o : NULL;
}

static struct position position_after(const struct cmd *cmd, int count, char **words)
{
	struct position p = {0};

	for (int i = 0; i < count; i++) {
		if (p.option)
			p.option = NULL;
		else if (!p.ended && strcmp(words[i], "--") == 0)
			p.ended = true;
		else if (p.ended || words[i][0] != '-' || !words[i][1])
			p.operands++;
		else
			p.option = wants_value(cmd, words[i]);
		if (p.option && p.option->type == OPT_COMMAND) {
			p.program = p.option;
			break;
		}
	}
	return p;
}

// "--option=" and what has been typed behind it.
static void add_assigned(struct words *w, const struct cmd *cmd)
{
	size_t len = strcspn(w->current, "=") + 1;
	struct str name = {0};

	str_addn(&name, w->current, len - 1);
	const struct opt *o = opt_find(cmd, str_c(&name));
	bool is_help = strcmp(str_c(&name), "--help") == 0;

	str_fini(&name);
	str_addn(&w->prefix, w->current, len);
	w->current += len;
	if (is_help)
		add_groups(w, cmd);
	else if (o && opt_takes_arg(o))
		add_values(w, o);
}

static void add_words(struct words *w, const struct cmd *cmd, const struct position *p)
{
	size_t before = w->out->len;

	if (p->option || p->program) {
		add_values(w, p->option ? p->option : p->program);
	} else if (p->ended || w->current[0] != '-') {
		if (cmd->words)
			words_add_kinds(w, cmd->words, p->operands);
		if (!p->ended && w->out->len == before)
			add_options(w, cmd);
	} else if (strchr(w->current, '=')) {
		add_assigned(w, cmd);
	} else {
		add_options(w, cmd);
	}
}

static void add_tools(struct words *w)
{
	struct str tools = {0};
	char *rest = NULL;

	translations_add_tools(&tools);
	for (char *tool = strtok_r(tools.data, " ", &rest); tool; tool = strtok_r(NULL, " ", &rest))
		words_add(w, tool, "translation of its command lines");
	str_fini(&tools);
}

// "help COMMAND [OPTION | GROUP]", "help TOPIC", "help events NAME".
static void add_help(struct words *w, int count, char **words)
{
	const struct cmd *cmd = count == 2 ? cmd_find(words[0]) : NULL;

	if (count == 1) {
		add_commands(w);
		for (const struct guide_topic *t = guide_topics; t->name; t++)
			words_add(w, t->name, t->summary);
		add_tools(w);
	} else if (cmd) {
		add_groups(w, cmd);
		opt_for_each_group (g, cmd)
			opt_for_each (o, g)
				str_addf(w->out, "--%s\t%s\n", o->name, o->help);
	} else if (count == 2 && strcmp(words[0], "events") == 0) {
		event_list_words(w);
	}
}

void cmd_words(int count, char **words, struct str *out)
{
	struct words w = {.out = out, .current = count ? words[count - 1] : ""};

	if (count < 2 && w.current[0] == '-') {
		words_add(&w, "--help", "Explain how to call the program");
		words_add(&w, "--version", "Show the version, and what was built in");
	} else if (count == 2 && strcmp(words[0], "--version") == 0) {
		words_add(&w, "--json", "Show it as a JSON object");
	} else if (count < 2) {
		add_commands(&w);
		words_add(&w, "help", "Explain a command or a topic");
	} else if (strcmp(words[0], "help") == 0) {
		add_help(&w, count - 1, words + 1);
	} else {
		const struct cmd *cmd = cmd_find_typed(words[0]);

		if (cmd) {
			struct position p = position_after(cmd, count - 2, words + 1);

			add_words(&w, cmd, &p);
		}
	}
	str_fini(&w.prefix);
}
