// SPDX-License-Identifier: ISC
#include "relay/pending.h"

#include <errno.h>

int pending_flush(struct flow *f)
{
	while (f->pending_start < f->pending.len) {
		ssize_t n = f->dst->ops->send(f->dst, f->pending.data + f->pending_start,
			f->pending.len - f->pending_start);

		if (n == -EINTR)
			continue;
		if (n == -EAGAIN)
			return 1;
		if (n < 0)
			return (int)n;
		f->pending_start += (size_t)n;
		f->sent += (uint64_t)n;
	}
	if (f->pending.data)
		str_fini(&f->pending); // idle flows hold no buffer
	f->pending_start = 0;
	return 0;
}
