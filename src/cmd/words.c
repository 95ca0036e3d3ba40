// SPDX-License-Identifier: ISC
#include "cmd/words.h"

#include "cmd/table.h"
#include "sys/database.h"
#include "sys/sockopts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void add_word(struct str *out, const char *word, const char *description)
{
	str_addf(out, "%s\t%s\n", word, description ? description : "");
}

static void add_commands(struct str *out)
{
	for (const struct cmd_group *g = cmd_groups; g->title; g++)
		for (const struct cmd *const *c = g->cmds; *c; c++)
			add_word(out, (*c)->name, (*c)->summary);
	add_word(out, "help", "Explain a command");
}

static void add_sockopts(struct str *out)
{
	sockopt_for_each (o)
		add_word(out, o->name, o->meaning);
}

static void add_services(struct str *out)
{
	const struct servent *s;

	sys_setservent(1);
	while ((s = sys_getservent()))
		add_word(out, s->s_name, s->s_proto);
	sys_endservent();
}

// The sockets in the file system on which somebody listens.
static void add_unix_sockets(struct str *out)
{
	FILE *table = fopen("/proc/net/unix", "re");
	char *line = NULL;
	size_t size = 0;

	while (table && getline(&line, &size, table) > 0) {
		unsigned flags = 0;
		char *path = strchr(line, '/');

		// Num: RefCount Protocol Flags ...; the flag is __SO_ACCEPTCON.
		if (!path || sscanf(line, "%*x: %*x %*x %x", &flags) != 1 || !(flags & 0x10000))
			continue;
		path[strcspn(path, "\n")] = '\0';
		str_add(out, "unix:");
		str_add_escaped(out, path, strlen(path));
		str_add(out, "\tsocket\n");
	}
	free(line);
	if (table)
		fclose(table);
}

// Words of a kind that the program knows itself; the others are the shell's.
static void add_kind(struct str *out, const char *kind)
{
	if (strcmp(kind, "sockopt") == 0)
		add_sockopts(out);
	else if (strcmp(kind, "service") == 0)
		add_services(out);
	else
		str_addf(out, ":%s\n", kind);
	if (strcmp(kind, "host") == 0)
		add_unix_sockets(out);
}

static const struct opt *find_option(const struct cmd *cmd, const char *word)
{
	opt_for_each_group (g, cmd)
		opt_for_each (o, g)
			if (strncmp(word, "--", 2) == 0 ? strcmp(o->name, word + 2) == 0
							: word[1] == o->letter && !word[2])
				return o;
	return NULL;
}

static void add_values(struct str *out, const struct opt *o)
{
	for (const char *const *c = o->choices; c && *c; c++)
		add_word(out, *c, NULL);
	if (o->words)
		add_kind(out, o->words);
}

void cmd_words(int count, char **words, struct str *out)
{
	const struct cmd *cmd = count ? cmd_find(words[0]) : NULL;
	const struct opt *o =
		cmd && count > 1 && words[1][0] == '-' ? find_option(cmd, words[1]) : NULL;

	if (!count || strcmp(words[0], "help") == 0) {
		add_commands(out);
	} else if (o && opt_takes_arg(o)) {
		add_values(out, o);
	} else if (cmd) {
		opt_words(cmd, out);
		if (cmd->words)
			add_kind(out, cmd->words);
	}
}
