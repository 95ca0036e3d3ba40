// SPDX-License-Identifier: ISC
#include "base/packets.h"

#include <assert.h>
#include <string.h>

void packets_add(struct fifo *f, const void *data, size_t len)
{
	fifo_add(f, &len, sizeof(len));
	fifo_add(f, data, len);
}

size_t packets_peek(const struct fifo *f, struct iovec *packets, size_t most)
{
	size_t at = 0;
	size_t count = 0;

	while (count < most && at < fifo_len(f)) {
		struct iovec *p = &packets[count++];

		memcpy(&p->iov_len, fifo_data(f) + at, sizeof(p->iov_len));
		at += sizeof(p->iov_len);
		p->iov_base = (void *)(uintptr_t)(fifo_data(f) + at);
		at += p->iov_len;
	}
	return count;
}

void packets_drop(struct fifo *f, size_t count)
{
	size_t len;

	for (; count; count--) {
		assert(fifo_len(f) >= sizeof(len));
		memcpy(&len, fifo_data(f), sizeof(len));
		fifo_drop(f, sizeof(len) + len);
	}
}
