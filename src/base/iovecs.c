// SPDX-License-Identifier: ISC
#include "base/iovecs.h"

#include "base/mem.h"
#include "base/util.h"

#include <stdlib.h>

#define FIRST_SIZE 64

void iovecs_add(struct iovecs *g, const void *data, size_t len)
{
	if (!len)
		return;
	if (g->count) {
		struct iovec *last = &g->pieces[g->count - 1];

		if ((char *)last->iov_base + last->iov_len == data) {
			last->iov_len += len;
			return;
		}
	}
	if (g->count == g->size) {
		g->size = MAX((size_t)FIRST_SIZE, 2 * g->size);
		g->pieces = xrealloc(g->pieces, g->size * sizeof(*g->pieces));
	}
	g->pieces[g->count++] = (struct iovec){(void *)data, len};
}

void iovecs_clear(struct iovecs *g)
{
	g->count = 0;
}

void iovecs_fini(struct iovecs *g)
{
	free(g->pieces);
	*g = (struct iovecs){0};
}
