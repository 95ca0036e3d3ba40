// SPDX-License-Identifier: ISC
#include "compat/socat/planning.h"

#include <string.h>

void plan_refuse(struct planning *p, const char *why)
{
	if (!plan_has_failed(p))
		str_add(p->err, why);
}

void plan_refuse_option(
	struct planning *p, const struct socat_address *a, const char *name, const char *why)
{
	if (!plan_has_failed(p))
		str_addf(p->err, "'%s' of %s: %s", name, a->name, why);
}

void plan_add(struct planning *p, const char *word)
{
	cmdline_add(p->out, word);
}

void plan_add_if(struct planning *p, bool is_wanted, const char *word)
{
	if (is_wanted)
		plan_add(p, word);
}

void plan_add_pair_if(struct planning *p, const char *option, const char *value)
{
	if (value)
		cmdline_add_pair(p->out, option, value);
}

// The last one counts.
static struct socat_given *take(struct socat_address *a, const char *name)
{
	struct socat_given *found = NULL;

	for (int i = 0; i < a->option_count; i++) {
		if (strcmp(a->options[i].option->name, name) != 0)
			continue;
		found = &a->options[i];
		found->is_taken = true;
	}
	return found;
}

const char *plan_value(struct planning *p, struct socat_address *a, const char *name)
{
	const struct socat_given *given = take(a, name);

	if (given && !given->value)
		plan_refuse_option(p, a, name, "a value is missing");
	return given ? given->value : NULL;
}

bool plan_flag(struct planning *p, struct socat_address *a, const char *name)
{
	const struct socat_given *given = take(a, name);

	if (given && !is_turned_on(given) && !is_turned_off(given))
		plan_refuse_option(p, a, name, "its value is 0 or 1");
	return given && is_turned_on(given);
}
