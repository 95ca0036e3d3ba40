// SPDX-License-Identifier: ISC
#include "net/names/kept.h"

#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

static char **copy_names(char *const *names)
{
	size_t count = 0;
	char **copy;

	while (names[count])
		count++;
	copy = xcalloc(count + 1, sizeof(*copy));
	for (size_t i = 0; i < count; i++)
		copy[i] = xstrdup(names[i]);
	return copy;
}

void kept_add(struct kept *k, const char *name, char *const *aliases, uint32_t number,
	const char *protocol)
{
	k->entries = xrealloc(k->entries, (k->count + 1) * sizeof(*k->entries));
	k->entries[k->count++] = (struct kept_entry){.name = xstrdup(name),
		.aliases = copy_names(aliases),
		.number = number,
		.protocol = protocol ? xstrdup(protocol) : NULL};
}

static bool is_named(const struct kept_entry *e, const char *name)
{
	char *const *alias = e->aliases;

	if (strcmp(e->name, name) == 0)
		return true;
	while (*alias && strcmp(*alias, name) != 0)
		alias++;
	return *alias;
}

static bool is_of(const struct kept_entry *e, const char *protocol)
{
	return !protocol || strcmp(e->protocol, protocol) == 0;
}

const struct kept_entry *kept_find_name(
	const struct kept *k, const char *name, const char *protocol)
{
	for (size_t i = 0; i < k->count; i++)
		if (is_of(&k->entries[i], protocol) && is_named(&k->entries[i], name))
			return &k->entries[i];
	return NULL;
}

const struct kept_entry *kept_find_number(
	const struct kept *k, uint32_t number, const char *protocol)
{
	for (size_t i = 0; i < k->count; i++)
		if (k->entries[i].number == number && is_of(&k->entries[i], protocol))
			return &k->entries[i];
	return NULL;
}

void kept_fini(struct kept *k)
{
	for (size_t i = 0; i < k->count; i++) {
		struct kept_entry *e = &k->entries[i];

		for (char **alias = e->aliases; *alias; alias++)
			free(*alias);
		free(e->aliases);
		free(e->name);
		free(e->protocol);
	}
	free(k->entries);
	*k = (struct kept){0};
}
