// SPDX-License-Identifier: ISC
// Pieces of memory that are to be written one after the other. Zeroed means empty; the memory is
// borrowed.
#ifndef SOCKCTL_BASE_IOVECS_H
#define SOCKCTL_BASE_IOVECS_H

#include <stddef.h>
#include <sys/uio.h>

struct iovecs {
	struct iovec *pieces;
	size_t count, size;
};

// Adds a piece; what follows the last one in memory makes that longer.
void iovecs_add(struct iovecs *g, const void *data, size_t len);
void iovecs_clear(struct iovecs *g); // keeps the array
void iovecs_fini(struct iovecs *g);

#endif
