// SPDX-License-Identifier: ISC
#include "base/nearest.h"

#include "base/util.h"

#include <ctype.h>
#include <limits.h>
#include <stdbool.h>
#include <string.h>

#define MAX_WORD 40 // no name of ours is longer; what is longer is near to nothing

static bool same(char a, char b)
{
	return tolower((unsigned char)a) == tolower((unsigned char)b);
}

// The number of insertions, deletions, substitutions and swaps of neighbours that turn A into B
// (optimal string alignment), ignoring case.
static unsigned edit_distance(const char *a, size_t alen, const char *b, size_t blen)
{
	unsigned d[MAX_WORD + 1][MAX_WORD + 1];

	for (size_t i = 0; i <= alen; i++)
		d[i][0] = (unsigned)i;
	for (size_t j = 0; j <= blen; j++)
		d[0][j] = (unsigned)j;
	for (size_t i = 1; i <= alen; i++) {
		for (size_t j = 1; j <= blen; j++) {
			unsigned best = MIN(d[i - 1][j], d[i][j - 1]) + 1;
			unsigned change = d[i - 1][j - 1] + !same(a[i - 1], b[j - 1]);

			best = MIN(best, change);
			if (i > 1 && j > 1 && same(a[i - 1], b[j - 2]) && same(a[i - 2], b[j - 1]))
				best = MIN(best, d[i - 2][j - 2] + 1);
			d[i][j] = best;
		}
	}
	return d[alen][blen];
}

void nearest_init(struct nearest *n, const char *word, size_t len)
{
	*n = (struct nearest){.word = word, .len = len, .distance = UINT_MAX};
}

void nearest_offer(struct nearest *n, const char *candidate)
{
	size_t len = strlen(candidate);
	unsigned limit = (unsigned)MAX(1, MIN(n->len, len) / 3);

	bool prefix = n->len >= 3 && strncmp(n->word, candidate, n->len) == 0;

	if (n->len > MAX_WORD || len > MAX_WORD || n->len == 0)
		return;
	// The distance is at least the difference in length, which is cheaper to have.
	if (MAX(n->len, len) - MIN(n->len, len) > limit && !prefix)
		return;

	unsigned distance = edit_distance(n->word, n->len, candidate, len);

	if (distance > limit && !prefix)
		return;
	if (prefix)
		distance = MIN(distance, 1); // an abbreviation is as near as one slip
	// Among those that are as near, the first letter decides: few get that wrong.
	distance = 2 * distance + !same(n->word[0], candidate[0]);
	if (distance < n->distance) {
		n->distance = distance;
		n->best = candidate;
	}
}
