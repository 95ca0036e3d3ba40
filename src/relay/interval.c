// SPDX-License-Identifier: ISC
#include "relay/interval.h"

#include "base/mem.h"
#include "base/util.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct interval *interval_create(uv_loop_t *loop, uint64_t ms, timer_fn *cb, void *data)
{
	struct interval *i = xcalloc(1, sizeof(*i));

	assert(ms > 0);
	i->ms = ms;
	timer_init(&i->timer, loop, cb, data);
	return i;
}

void interval_destroy(struct interval *i)
{
	if (!i)
		return;
	timer_fini(&i->timer);
	fifo_fini(&i->held);
	free(i);
}

// The length of the first line that is held, with its end; 0 if there is no end.
static size_t line_len(const struct interval *i)
{
	const char *start = fifo_data(&i->held);
	const char *end = memchr(start, '\n', fifo_len(&i->held));

	return end ? (size_t)(end - start) + 1 : 0;
}

// Reads until a line is whole, or as far as it goes. Returns 0 or a negative errno.
static int fill(struct interval *i, struct channel *src, char *buffer, size_t most)
{
	while (!i->has_ended && !line_len(i) && fifo_len(&i->held) < most) {
		ssize_t n = src->ops->recv(src, buffer, most - fifo_len(&i->held));

		if (n == -EAGAIN)
			return 0;
		if (n < 0)
			return (int)n;
		i->has_ended = n == 0;
		fifo_add(&i->held, buffer, (size_t)n);
	}
	return 0;
}

ssize_t interval_recv(
	struct interval *i, struct channel *src, char *buffer, size_t most, bool is_last)
{
	int r = is_last ? 0 : fill(i, src, buffer, most);
	size_t len = line_len(i);

	if (r < 0)
		return r;
	if (!fifo_len(&i->held))
		return i->has_ended || is_last ? 0 : -EAGAIN;
	if (timer_is_running(&i->timer) && !is_last)
		return -EAGAIN;
	len = fifo_take(&i->held, buffer, MIN(len ? len : fifo_len(&i->held), most));
	if (buffer[len - 1] == '\n')
		timer_start(&i->timer, i->ms);
	return (ssize_t)len;
}

size_t interval_held(const struct interval *i)
{
	return i ? fifo_len(&i->held) : 0;
}

void interval_stop(struct interval *i)
{
	if (i)
		timer_stop(&i->timer);
}
