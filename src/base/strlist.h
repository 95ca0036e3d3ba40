// SPDX-License-Identifier: ISC
// A list of borrowed strings, for options that may be repeated. Zeroed means empty.
#ifndef SOCKCTL_BASE_STRLIST_H
#define SOCKCTL_BASE_STRLIST_H

#include <stddef.h>

struct strlist {
	const char **items;
	size_t count;
};

void strlist_add(struct strlist *l, const char *item);
void strlist_fini(struct strlist *l);

#endif
