// SPDX-License-Identifier: ISC
// What people say, line by line, each with the name of who says it in front: so that no terminal
// obeys what others send, and nobody speaks in the name of another.
#ifndef SOCKCTL_RELAY_CHAT_H
#define SOCKCTL_RELAY_CHAT_H

#include "base/str.h"

#include <stddef.h>

// One who speaks. A zeroed one with a name is ready.
struct chat_line {
	struct str name; // as it is shown; the owner frees it
	struct str text; // of a line that has not ended yet
};

void chat_line_fini(struct chat_line *c);

// Adds the lines that LEN bytes complete to OUT. A line of several kilobytes is shown as several.
void chat_line_add(struct chat_line *c, const char *data, size_t len, struct str *out);

// Nothing more comes: adds what is left.
void chat_line_end(struct chat_line *c, struct str *out);

#endif
