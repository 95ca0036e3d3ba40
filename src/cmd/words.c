// SPDX-License-Identifier: ISC
#include "cmd/words.h"

#include "cmd/table.h"
#include "net/database.h"
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

static void add_service(void *out, const struct servent *entry)
{
	add_word(out, entry->s_name, entry->s_proto);
}

// Whether a line of /proc/net/unix, "Num: RefCount Protocol Flags ...", is that of a socket that
// listens (__SO_ACCEPTCON).
static bool listens(const char *line)
{
	for (int field = 0; field < 3; field++) {
		line += strcspn(line, " ");
		line += strspn(line, " ");
	}
	return strtoul(line, NULL, 16) & 0x10000;
}

// The sockets in the file system on which somebody listens.
static void add_unix_sockets(struct str *out)
{
	FILE *table = fopen("/proc/net/unix", "re");
	char *line = NULL;
	size_t size = 0;

	while (table && getline(&line, &size, table) > 0) {
		char *path = strchr(line, '/');

		if (!path || !listens(line))
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
		services_list(add_service, out);
	else
		str_addf(out, ":%s\n", kind);
	if (strcmp(kind, "host") == 0)
		add_unix_sockets(out);
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
	const struct opt *o = cmd && count > 1 ? opt_find(cmd, words[1]) : NULL;

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
