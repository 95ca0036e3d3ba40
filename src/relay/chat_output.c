// SPDX-License-Identifier: ISC
#include "relay/chat_output.h"

#include "io/pool.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>

#define PIECE ((size_t)32 * 1024) // bytes that are taken at once

static void fail(struct chat_output *o, int error)
{
	o->has_failed = true;
	fifo_fini(&o->pending);
	watch_want(&o->stdio.watch, 0);
	o->options.on_failed(o->options.data, error);
}

// Writes what it can of what waits. Returns 0, -EAGAIN if some is left, or another negative errno.
static int write_pending(struct chat_output *o)
{
	while (fifo_len(&o->pending)) {
		const struct iovec piece = {(void *)fifo_data(&o->pending), fifo_len(&o->pending)};
		ssize_t n = stdio_writev(&o->stdio, &piece, 1);

		if (n > 0)
			fifo_drop(&o->pending, (size_t)n);
		else if (n != -EINTR)
			return n < 0 ? (int)n : -EAGAIN;
	}
	return 0;
}

// Returns false if there is nothing.
static bool take(struct chat_output *o)
{
	char *buffer = pool_buffer(o->options.pool);
	size_t n = fanout_take(o->options.reader, buffer, PIECE);

	fifo_add(&o->pending, buffer, n);
	return n > 0;
}

static void on_output(struct watch *w, unsigned events)
{
	struct chat_output *o = w->data;
	int r = events & WATCH_ERROR ? -EPIPE : write_pending(o);

	if (o->has_failed)
		return;
	if (r < 0 && r != -EAGAIN)
		fail(o, r);
	else if (r == 0 && !take(o)) {
		watch_want(w, 0);
		o->options.on_drained(o->options.data);
	}
}

int chat_output_init(struct chat_output *o, const struct chat_output_options *options)
{
	assert(options->pool && options->reader && options->on_failed && options->on_drained);
	*o = (struct chat_output){.options = *options};
	return stdio_init(&o->stdio, options->pool->loop, options->fd, O_WRONLY, on_output, o);
}

void chat_output_fini(struct chat_output *o)
{
	stdio_fini(&o->stdio);
	fifo_fini(&o->pending);
}

void chat_output_wake(struct chat_output *o)
{
	if (!o->has_failed)
		watch_want(&o->stdio.watch, WATCH_WRITE);
}

bool chat_output_flush(struct chat_output *o)
{
	int r = 0;

	if (o->has_failed || !o->options.pool)
		return true;
	do
		r = write_pending(o);
	while (r == 0 && take(o));
	return r == 0;
}

bool chat_output_is_busy(const struct chat_output *o)
{
	return o->stdio.watch.wanted & WATCH_WRITE;
}
