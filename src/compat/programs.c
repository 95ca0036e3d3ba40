// SPDX-License-Identifier: ISC
// The programs whose command lines are known, and which of them is meant.
#include "compat/programs.h"

#include "base/util.h"
#include "base/value.h"
#include "compat/netcat.h"

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

const struct cmd *compat_find(int *argc, char ***argv, struct str *err)
{
	const struct name *name = *argc ? find_name((*argv)[0]) : NULL;
	const struct netcat_dialect *dialect;
	const char *said;
	const char *usual;

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
