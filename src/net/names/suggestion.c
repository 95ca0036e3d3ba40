// SPDX-License-Identifier: ISC
#include "net/names/suggestion.h"

#include "base/mem.h"
#include "net/names/database.h"

#include <stdlib.h>

void suggestion_init(struct suggestion *s, const char *word, size_t len)
{
	*s = (struct suggestion){0};
	nearest_init(&s->near, word, len);
}

void suggestion_fini(struct suggestion *s)
{
	free(s->best);
}

static void offer(struct suggestion *s, const char *name)
{
	nearest_offer(&s->near, name);
	if (s->near.best != name)
		return;
	free(s->best);
	s->best = xstrdup(name);
	s->near.best = s->best;
}

void suggestion_offer(struct suggestion *s, const char *name, char *const *aliases)
{
	offer(s, name);
	for (; *aliases; aliases++)
		offer(s, *aliases);
}

static void on_service(void *arg, const struct servent *e)
{
	suggestion_offer(arg, e->s_name, e->s_aliases);
}

int services_suggest(struct suggestion *s)
{
	return services_list(on_service, s);
}

static void on_protocol(void *arg, const struct protoent *e)
{
	suggestion_offer(arg, e->p_name, e->p_aliases);
}

int protocols_suggest(struct suggestion *s)
{
	return protocols_list(on_protocol, s);
}
