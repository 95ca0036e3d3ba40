// SPDX-License-Identifier: ISC
// A name of socat among the rows of a table, each with other names for the same.
#ifndef SOCKCTL_COMPAT_SOCAT_SEARCH_H
#define SOCKCTL_COMPAT_SOCAT_SEARCH_H

#include "base/nearest.h"

#include <stdbool.h>

struct socat_search {
	const char *name;
	const char *near; // the first name of the row that was probably meant, or NULL
	struct nearest nearest;
};

void socat_search_begin(struct socat_search *s, const char *name);

// Whether a row of this NAME is the one, in any case of its letters. OTHERS has blanks between, and
// may be NULL.
bool socat_search_offer(struct socat_search *s, const char *name, const char *others);

// Whether WORD is one of WORDS, in any case of its letters.
bool socat_is_among(const char *words, const char *word);

#endif
