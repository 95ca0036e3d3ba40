// SPDX-License-Identifier: ISC
#include "base/strlist.h"

#include "base/mem.h"

#include <stdlib.h>

void strlist_add(struct strlist *l, const char *item)
{
	l->items = xrealloc(l->items, (l->count + 1) * sizeof(*l->items));
	l->items[l->count++] = item;
}

void strlist_fini(struct strlist *l)
{
	free(l->items);
	*l = (struct strlist){0};
}
