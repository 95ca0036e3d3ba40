// SPDX-License-Identifier: ISC
#include "base/fifo.h"

#include <assert.h>
#include <string.h>

void fifo_fini(struct fifo *f)
{
	str_fini(&f->bytes);
	f->start = 0;
}

void fifo_add(struct fifo *f, const void *data, size_t len)
{
	if (len)
		str_addn(&f->bytes, data, len);
}

void fifo_drop(struct fifo *f, size_t n)
{
	assert(n <= fifo_len(f));
	f->start += n;
	if (f->start == f->bytes.len)
		fifo_fini(f);
}

size_t fifo_take(struct fifo *f, void *buf, size_t len)
{
	size_t n = MIN(len, fifo_len(f));

	memcpy(buf, fifo_data(f), n);
	fifo_drop(f, n);
	return n;
}
