// SPDX-License-Identifier: ISC
// Command lines of other tools, and those that do the same here.
#ifndef SOCKCTL_HELP_TRANSLATIONS_H
#define SOCKCTL_HELP_TRANSLATIONS_H

#include "base/str.h"

#include <stdbool.h>

// Adds the tools with blanks between, in the order of their tables.
void translations_add_tools(struct str *out);

bool translations_has(const char *tool);

// Adds the table of a tool, in lines of at most 80 columns.
void translations_add(const char *tool, struct str *out);

#endif
