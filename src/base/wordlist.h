// SPDX-License-Identifier: ISC
// Lists of words in one text, with blanks between them: tables that hold them need no pointers. A
// word reaches from where it begins to the next blank.
#ifndef SOCKCTL_BASE_WORDLIST_H
#define SOCKCTL_BASE_WORDLIST_H

#include "base/str.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

static inline size_t word_length(const char *word)
{
	return strcspn(word, " ");
}

// The word after WORD, empty at the end.
static inline const char *word_after(const char *word)
{
	word += word_length(word);
	return word + strspn(word, " ");
}

static inline bool word_is(const char *word, const char *text)
{
	size_t len = strlen(text);

	return word_length(word) == len && memcmp(word, text, len) == 0;
}

#define for_each_word(word, list) for (const char *word = (list); *word; word = word_after(word))

static inline void str_add_first_word(struct str *s, const char *list)
{
	str_addn(s, list, word_length(list));
}

// Adds word number N of LIST, from 0 on.
static inline void str_add_nth_word(struct str *s, const char *list, size_t n)
{
	while (n--)
		list = word_after(list);
	str_add_first_word(s, list);
}

#endif
