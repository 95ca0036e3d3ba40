// SPDX-License-Identifier: ISC
// Pieces of memory that are to be written one after the other. Zeroed means empty; the memory is
// borrowed.
#ifndef SOCKCTL_BASE_IOVECS_H
#define SOCKCTL_BASE_IOVECS_H

#include <stddef.h>
#include <sys/uio.h>

struct gather {
	struct iovec *pieces;
	size_t count, size;
};

// Adds a piece; what follows the last one in memory makes that longer.
void gather_add(struct gather *g, const void *data, size_t len);
void gather_clear(struct gather *g); // keeps the array
void gather_fini(struct gather *g);

#endif
