// SPDX-License-Identifier: ISC
#include "net/names/interleave.h"

#include "base/mem.h"

#include <stdlib.h>

void interleave_families(struct address_list *l)
{
	struct sockaddr_any *sorted = xcalloc(l->count, sizeof(*sorted));
	size_t next[2] = {0, 0}; // where to look for the next of the first family and of the others
	int first = l->count ? l->items[0].sa.sa_family : AF_UNSPEC;

	for (size_t i = 0; i < l->count; i++) {
		// Take the other kind in turn, and what is left when one kind is used up.
		for (int turn = 0; turn < 2; turn++) {
			int kind = (int)(i + (size_t)turn) % 2;
			size_t at = next[kind];

			while (at < l->count && (l->items[at].sa.sa_family != first) != kind)
				at++;
			next[kind] = at;
			if (at == l->count)
				continue;
			sorted[i] = l->items[at];
			next[kind]++;
			break;
		}
	}
	free(l->items);
	l->items = sorted;
}
