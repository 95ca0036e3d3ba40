// SPDX-License-Identifier: ISC
// A command line in the making: the words that another program's are translated to.
#ifndef SOCKCTL_COMPAT_CMDLINE_H
#define SOCKCTL_COMPAT_CMDLINE_H

#include "base/str.h"

#include <stdbool.h>

struct cmdline {
	char **words; // ends with NULL once there is one
	int count;
	char *shown; // what stands for the word with a secret where it is shown, or NULL
	int secret; // the number of that word
	bool discards_output; // stdout gets nothing
};

void cmdline_fini(struct cmdline *c);

void cmdline_add(struct cmdline *c, const char *word);
void cmdline_addf(struct cmdline *c, const char *fmt, ...) attr_printf(2, 3);
void cmdline_add_pair(struct cmdline *c, const char *option, const char *value);

// Adds a word that is never shown. There is one at most.
void cmdline_add_secret(struct cmdline *c, const char *word, const char *shown);

// Adds an option with a time.
void cmdline_add_ms(struct cmdline *c, const char *option, uint64_t ms);

// Adds the command line as a shell understands it.
void str_add_cmdline(struct str *s, const struct cmdline *c);

#endif
