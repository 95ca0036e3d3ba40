// SPDX-License-Identifier: ISC
// The programs whose command lines are known, and which of them is meant.
#include "compat/programs.h"

#include "base/util.h"
#include "base/value.h"
#include "compat/netcat.h"
#include "compat/socat/socat.h"

#include <stdlib.h>
#include <string.h>

// Names by which the program may be called, and commands; NULL is the dialect of SOCKCTL_NC.
static const struct name {
	const char *name;
	const struct netcat_dialect *dialect;
} names[] = {
	{"nc", NULL},
	{"netcat", NULL},
	{"nc.openbsd", &netcat_openbsd},
	{"nc.traditional", &netcat_traditional},
	{"ncat", &netcat_ncat},
};

static const struct netcat_dialect *const dialects[] = {
	&netcat_openbsd, &netcat_traditional, &netcat_busybox, &netcat_ncat};

static const struct name *find_name(const char *word)
{
	const char *slash = strrchr(word, '/');

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (strcmp(slash ? slash + 1 : word, names[i].name) == 0)
			return &names[i];
	return NULL;
}

static const struct netcat_dialect *find_dialect(
	const char *word, const char *whose, struct str *err)
{
	for (size_t i = 0; i < ARRAY_SIZE(dialects); i++)
		if (strcmp(word, dialects[i]->name) == 0)
			return dialects[i];
	str_addf(err, "%s: ", whose);
	bad_word(err, word, "is none of openbsd, traditional, busybox, ncat");
	return NULL;
}

// Takes "--dialect NAME" or "--dialect=NAME" away, which follows the first word.
static const char *take_dialect(int *argc, char ***argv)
{
	static const char option[] = "--dialect";
	char **words = *argv;
	const char *value = NULL;
	int count = 0;

	if (*argc > 2 && strcmp(words[1], option) == 0) {
		value = words[2];
		count = 2;
	} else if (*argc > 1 && strncmp(words[1], option, strlen(option)) == 0 &&
		   words[1][strlen(option)] == '=') {
		value = words[1] + sizeof(option);
		count = 1;
	}
	if (!value)
		return NULL;
	words[count] = words[0];
	*argv += count;
	*argc -= count;
	return value;
}

// Whether the next word belongs to this one, as an option and its value: "-t", but not "-t5".
static bool wants_value(const char *word)
{
	return word[0] == '-' && word[1] && !word[2] && strchr("btTrRLW", word[1]);
}

// socat's own way of writing -l with a value of its own.
static char *log_option(char *word)
{
	static char file[] = "--log-file";
	static char name[] = "--log-name";

	return strcmp(word, "-lf") == 0 ? file : strcmp(word, "-lp") == 0 ? name : word;
}

// An address may begin with a dash, if no letter or digit follows: "-", "-,raw".
static bool is_socat_address(const char *word)
{
	return word[0] != '-' || !word[1] || strchr(",!:", word[1]);
}

// Takes words[from] to words[to], which is before it, and the others one further.
static void move_to(char **words, int from, int to)
{
	char *word = words[from];

	memmove(words + to + 1, words + to, (size_t)(from - to) * sizeof(*words));
	words[to] = word;
}

// The options of socat come first, and an address may look like one: puts "--" between them, in the
// place of the word "socat", which becomes the first. "--explain" may also come later. Returns how
// many words there are.
static int prepare_socat(int argc, char **words)
{
	static char end[] = "--";
	int i = 2;

	words[0] = words[1];
	for (; i < argc && !is_socat_address(words[i]) && strcmp(words[i], end) != 0; i++) {
		char *word = log_option(words[i]);
		bool has_value = wants_value(words[i]) || word != words[i];

		words[i - 1] = word;
		if (has_value && i + 1 < argc) {
			words[i] = words[i + 1];
			i++;
		}
	}
	words[i - 1] = end;
	if (i < argc && strcmp(words[i], end) == 0) {
		memmove(words + i, words + i + 1, (size_t)(argc - i) * sizeof(*words));
		return argc - 1;
	}
	for (int j = i; j < argc; j++)
		if (strncmp(words[j], "--", 2) == 0)
			move_to(words, j, i++ - 1);
	return argc;
}

const struct cmd *compat_find(int *argc, char ***argv, struct str *err)
{
	const struct name *name = *argc ? find_name((*argv)[0]) : NULL;
	const struct netcat_dialect *dialect;
	const char *said;
	const char *usual;

	if (!name && *argc > 1 && strcmp((*argv)[1], cmd_socat.name) == 0) {
		*argc = prepare_socat(*argc, *argv);
		return &cmd_socat;
	}
	if (!name && *argc > 1) {
		name = strchr((*argv)[1], '/') ? NULL : find_name((*argv)[1]);
		*argv += name != NULL;
		*argc -= name != NULL;
	}
	if (!name)
		return NULL;
	dialect = name->dialect;
	if (dialect == &netcat_ncat)
		return dialect->cmd;
	said = take_dialect(argc, argv);
	usual = getenv("SOCKCTL_NC");
	if (said)
		dialect = find_dialect(said, "--dialect", err);
	else if (!dialect && usual && *usual)
		dialect = find_dialect(usual, "SOCKCTL_NC", err);
	else if (!dialect)
		dialect = &netcat_openbsd;
	return dialect ? dialect->cmd : NULL;
}
