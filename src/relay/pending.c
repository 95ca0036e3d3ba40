// SPDX-License-Identifier: ISC
#include "relay/pending.h"

#include <errno.h>

int pending_flush(struct flow *f)
{
	while (fifo_len(&f->pending)) {
		ssize_t n =
			f->dst->ops->send(f->dst, fifo_data(&f->pending), fifo_len(&f->pending));

		if (n == -EINTR)
			continue;
		if (n < 0)
			return (int)n;
		fifo_drop(&f->pending, (size_t)n);
		f->sent += (uint64_t)n;
	}
	return 0;
}
