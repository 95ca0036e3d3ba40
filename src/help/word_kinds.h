// SPDX-License-Identifier: ISC
// Kinds of words that complete a command line: hosts, services, socket options ...
#ifndef SOCKCTL_HELP_WORD_KINDS_H
#define SOCKCTL_HELP_WORD_KINDS_H

#include "base/str.h"

#include <stdbool.h>

struct words {
	struct str *out;
	struct str prefix; // what the word has in front, such as "--output="; freed by the caller
	const char *current; // what has been typed behind the prefix
};

// Adds a line for WORD, which may hold any bytes. DESCRIPTION may be NULL.
void words_add(struct words *w, const char *word, const char *description);

// Adds the words that KINDS has for an operand after BEFORE others: blanks part the places, "..."
// ends a last one that may be repeated, and '|' parts the kinds of one place. "=WORD" is that word.
void words_add_kinds(struct words *w, const char *kinds, int before);

// Whether all kinds of such a list exist.
bool words_are_kinds(const char *kinds);

#endif
