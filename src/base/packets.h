// SPDX-License-Identifier: ISC
// Datagrams that wait to be taken: in a fifo, each behind its length.
#ifndef SOCKCTL_BASE_PACKETS_H
#define SOCKCTL_BASE_PACKETS_H

#include "base/fifo.h"

#include <stdbool.h>
#include <sys/uio.h>

void packets_add(struct fifo *f, const void *data, size_t len);

// Describes as many as there are, MOST at most, from the first on; they live until the fifo
// changes. Returns how many.
size_t packets_peek(const struct fifo *f, struct iovec *packets, size_t most);

// Takes the first COUNT away, which are there.
void packets_drop(struct fifo *f, size_t count);

#endif
