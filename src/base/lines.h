// SPDX-License-Identifier: ISC
// Lines of bytes that come in pieces.
#ifndef SOCKCTL_BASE_LINES_H
#define SOCKCTL_BASE_LINES_H

#include "base/str.h"

// Zeroed means empty.
struct lines {
	struct str text; // added and not forgotten
	size_t given; // bytes of it that were given as lines
	bool ended;
};

void lines_fini(struct lines *l);
void lines_add(struct lines *l, const void *data, size_t len);

// Nothing more will be added: what is left is a line, too.
void lines_end(struct lines *l);

// The next line and its length, without its newline but with a NUL after it, valid until the next
// call of any of these. NULL if no line is complete.
const char *lines_next(struct lines *l, size_t *len);

// Bytes that were added and not given: after lines_next() had none, those of an incomplete line.
size_t lines_left(const struct lines *l);

#endif
