// SPDX-License-Identifier: ISC
// Bytes that wait to be taken, in the order in which they came. A zeroed one is empty; one that was
// emptied holds no memory.
#ifndef SOCKCTL_BASE_FIFO_H
#define SOCKCTL_BASE_FIFO_H

#include "base/str.h"

struct fifo {
	struct str bytes;
	size_t start; // of those that have not been taken
};

void fifo_fini(struct fifo *f);

static inline size_t fifo_len(const struct fifo *f)
{
	return f->bytes.len - f->start;
}

// The bytes in front: fifo_len() of them.
static inline const char *fifo_data(const struct fifo *f)
{
	return str_c(&f->bytes) + f->start;
}

void fifo_add(struct fifo *f, const void *data, size_t len);

// Takes the first N away, which are there.
void fifo_drop(struct fifo *f, size_t n);

// Takes up to LEN bytes to BUF. Returns how many.
size_t fifo_take(struct fifo *f, void *buf, size_t len);

#endif
