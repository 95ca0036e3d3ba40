// SPDX-License-Identifier: ISC
// Suggests the name that somebody probably meant.
#ifndef SOCKCTL_BASE_NEAREST_H
#define SOCKCTL_BASE_NEAREST_H

#include <stddef.h>

// Feed it candidates one by one; best is the nearest so far that is near enough, or NULL.
struct nearest {
	const char *word; // what was typed
	size_t len; // how much of it counts
	const char *best; // borrowed from the candidates
	unsigned distance; // twice the slips, and one more where the first letter differs
};

void nearest_init(struct nearest *n, const char *word, size_t len);
void nearest_offer(struct nearest *n, const char *candidate);

#endif
