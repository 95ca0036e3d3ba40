// SPDX-License-Identifier: ISC
// Options that are known and never taken.
#include "cli/opt.h"

#include <errno.h>

int opt_refuse(const struct opt *o, const char *word, struct str *err)
{
	if (word[1] == '-' || !o->letter)
		str_addf(err, "--%s", o->name);
	else
		str_addf(err, "-%c", o->letter);
	str_addf(err, " is not supported: %s", o->instead);
	return -EINVAL;
}
