// SPDX-License-Identifier: ISC
// Words that are no options here: those that are known and never taken, and negative numbers.
#include "cli/opt.h"

#include <errno.h>
#include <getopt.h>
#include <string.h>

int opt_refuse(const struct opt *o, const char *word, struct str *err)
{
	if (word[1] == '-' || !o->letter)
		str_addf(err, "--%s", o->name);
	else
		str_addf(err, "-%c", o->letter);
	str_addf(err, " is not supported: %s", o->instead);
	return -EINVAL;
}

// The word with the unknown letter, if it is a negative number. The index of getopt_long() stands
// behind it only if that was its last letter.
static const char *negative_number(char **argv)
{
	for (int i = optind; i >= optind - 1; i--)
		if (argv[i] && argv[i][0] == '-' && strchr(argv[i], optopt) &&
			!argv[i][1 + strspn(argv[i] + 1, "0123456789.")])
			return argv[i];
	return NULL;
}

bool opt_refuse_number(const struct cmd *cmd, char **argv, struct str *err)
{
	const char *word = negative_number(argv);
	const char *operands = cmd->operands ? cmd->operands : "";
	bool takes_number = strstr(operands, "NUMBER");
	bool takes_port = strstr(operands, "PORT") && !takes_number;
	bool takes_any = takes_number || strstr(operands, "MESSAGE") || strstr(operands, "WORD");

	if (!word || (!takes_port && !takes_any))
		return false;
	str_add(err, "no option '");
	str_add_word(err, word, strlen(word));
	str_add(err, takes_port ? "'; a port has no minus" : "'");
	str_add(err, takes_any ? "; put '--' before a negative number" : "");
	return true;
}
