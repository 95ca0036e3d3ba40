// SPDX-License-Identifier: ISC
#include "compat/socat/search.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

void socat_search_begin(struct socat_search *s, const char *name)
{
	*s = (struct socat_search){.name = name};
	nearest_init(&s->nearest, name, strlen(name));
}

// Copies the word that begins at *AT, and goes on to the next. Returns false at the end.
static bool next_word(const char **at, char *word, size_t size)
{
	size_t len = *at ? strcspn(*at, " ") : 0;

	if (!len)
		return false;
	snprintf(word, size, "%.*s", (int)len, *at);
	*at += len + ((*at)[len] == ' ');
	return true;
}

static bool offer(struct socat_search *s, const char *word, const char *name)
{
	unsigned before = s->nearest.distance;

	nearest_offer(&s->nearest, word);
	if (s->nearest.distance < before)
		s->near = name;
	return strcasecmp(word, s->name) == 0;
}

bool socat_search_offer(struct socat_search *s, const char *name, const char *others)
{
	char word[64];
	bool is_found = offer(s, name, name);

	while (!is_found && next_word(&others, word, sizeof(word)))
		is_found = offer(s, word, name);
	return is_found;
}

bool socat_is_among(const char *words, const char *word)
{
	char each[64];

	while (next_word(&words, each, sizeof(each)))
		if (strcasecmp(each, word) == 0)
			return true;
	return false;
}
