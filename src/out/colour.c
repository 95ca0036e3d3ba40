// SPDX-License-Identifier: ISC
#include "out/colour.h"

#include <stdlib.h>
#include <string.h>

#define RESET "\033[0m"
#define USAGE "Usage:"

static const char *const sequences[] = {
	[COLOUR_HEADING] = "\033[1m",
	[COLOUR_BAD] = "\033[1;31m",
	[COLOUR_GOOD] = "\033[32m",
	[COLOUR_PASSING] = "\033[33m",
	[COLOUR_SENT] = "\033[36m",
	[COLOUR_RECEIVED] = "\033[35m",
};

static enum colour_when when;

void colour_set(enum colour_when wanted)
{
	when = wanted;
}

bool colour_is_wanted(bool is_terminal)
{
	if (when != COLOUR_AUTO)
		return when == COLOUR_ALWAYS;

	const char *objection = getenv("NO_COLOR");
	const char *term = getenv("TERM");

	return is_terminal && !(objection && *objection) && term && *term &&
	       strcmp(term, "dumb") != 0;
}

void str_add_coloured(struct str *s, enum colour colour, const char *text, size_t len)
{
	if (colour)
		str_add(s, sequences[colour]);
	str_addn(s, text, len);
	if (colour)
		str_add(s, RESET);
}

// How much of a line is a heading.
static size_t heading_length(const char *line, size_t len)
{
	if (strncmp(line, USAGE, strlen(USAGE)) == 0)
		return strlen(USAGE);
	return len && line[0] != ' ' && line[len - 1] == ':' ? len : 0;
}

void str_add_headings(struct str *s, const char *text)
{
	while (*text) {
		size_t len = strcspn(text, "\n");
		size_t heading = heading_length(text, len);

		if (heading)
			str_add_coloured(s, COLOUR_HEADING, text, heading);
		len += text[len] == '\n';
		str_addn(s, text + heading, len - heading);
		text += len;
	}
}
