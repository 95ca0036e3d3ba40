// SPDX-License-Identifier: ISC
// What "sockctl" and "sockctl help" say about the program as a whole.
#ifndef SOCKCTL_HELP_GUIDE_H
#define SOCKCTL_HELP_GUIDE_H

#include "base/str.h"

#include <stdbool.h>

// What every command has in common, told once.
struct guide_topic {
	const char *name;
	const char *summary; // one line, no full stop
	const char *text; // lines of at most 80 columns; NULL: ADD has it
	void (*add)(struct str *out);
};

extern const struct guide_topic guide_topics[]; // ends with a NULL name

// What the program can do, in ten lines.
void guide_overview(struct str *out);

// The commands and the topics, a line each.
void guide_contents(struct str *out);

bool guide_has_topic(const char *name);

// Returns whether there is such a topic, and adds it.
bool guide_topic(const char *name, struct str *out);

#endif
