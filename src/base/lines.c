// SPDX-License-Identifier: ISC
#include "base/lines.h"

#include <assert.h>
#include <string.h>

void lines_fini(struct lines *l)
{
	str_fini(&l->text);
	*l = (struct lines){0};
}

// Moves what is left to the front, but not for each line.
static void forget(struct lines *l)
{
	size_t left = lines_left(l);

	if (l->given == 0)
		return;
	memmove(l->text.data, l->text.data + l->given, left + 1);
	l->text.len = left;
	l->given = 0;
}

void lines_add(struct lines *l, const void *data, size_t len)
{
	assert(!l->ended);
	forget(l);
	str_addn(&l->text, data, len);
}

void lines_end(struct lines *l)
{
	l->ended = true;
}

const char *lines_next(struct lines *l, size_t *len)
{
	size_t left = lines_left(l);

	if (!left)
		return NULL;

	char *line = l->text.data + l->given;
	char *newline = memchr(line, '\n', left);

	if (!newline && !l->ended)
		return NULL;
	*len = newline ? (size_t)(newline - line) : left;
	if (newline)
		*newline = '\0';
	l->given += *len + (newline ? 1 : 0);
	return line;
}

size_t lines_left(const struct lines *l)
{
	return l->text.len - l->given;
}
