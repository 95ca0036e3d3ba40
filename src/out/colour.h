// SPDX-License-Identifier: ISC
// Colours on terminals (ECMA-48, SGR): what helps the eye, and never the only way in which
// something is said.
#ifndef SOCKCTL_OUT_COLOUR_H
#define SOCKCTL_OUT_COLOUR_H

#include "base/str.h"

#include <stdbool.h>

enum colour {
	COLOUR_NONE,
	COLOUR_HEADING,
	COLOUR_BAD,
	COLOUR_GOOD,
	COLOUR_PASSING, // a state that should not last
	COLOUR_SENT,
	COLOUR_RECEIVED,
};

enum colour_when {
	COLOUR_AUTO,
	COLOUR_ALWAYS,
	COLOUR_NEVER,
};

#define COLOUR_WORDS "auto always never" // their names

// What --color says, for the whole process; COLOUR_AUTO before.
void colour_set(enum colour_when when);

// With COLOUR_AUTO, true if a terminal is there, it knows colours (TERM), and nobody objects to
// them (NO_COLOR, see no-color.org).
bool colour_is_wanted(bool is_terminal);

// Adds LEN bytes of text in a colour.
void str_add_coloured(struct str *s, enum colour colour, const char *text, size_t len);

// Adds the text of --help with its headings as such: what stands at the beginning of a line and
// ends in a colon.
void str_add_headings(struct str *s, const char *text);

#endif
