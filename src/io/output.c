// SPDX-License-Identifier: ISC
#include "io/output.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>

// Leaves LEN bytes behind.
static void advance(struct output *o, size_t len)
{
	while (o->count && len >= o->pieces->iov_len) {
		len -= o->pieces->iov_len;
		o->pieces++;
		o->count--;
	}
	if (o->count) {
		o->pieces->iov_base = (char *)o->pieces->iov_base + len;
		o->pieces->iov_len -= len;
	}
}

static int write_rest(struct output *o)
{
	while (o->count) {
		ssize_t n = stdio_writev(&o->io, o->pieces, o->count);

		if (n == -EINTR)
			continue;
		if (n < 0)
			return (int)n;
		advance(o, (size_t)n);
	}
	return 0;
}

static void on_output(struct watch *w, unsigned events)
{
	struct output *o = w->data;
	int r = write_rest(o);

	if (r == -EAGAIN && !(events & WATCH_ERROR))
		return;
	// Nothing can be written to it any more, even if nothing has to be.
	if (r == -EAGAIN || (events & WATCH_ERROR && r == 0))
		r = -EPIPE;
	watch_want(w, 0);
	o->cb(o, r);
}

int output_init(struct output *o, uv_loop_t *loop, int given, output_fn *cb, void *data)
{
	assert(cb);
	*o = (struct output){.cb = cb, .data = data};
	return stdio_init(&o->io, loop, given, O_WRONLY, on_output, o);
}

void output_fini(struct output *o)
{
	stdio_fini(&o->io);
}

int output_write(struct output *o, const struct iovecs *pieces)
{
	o->pieces = pieces->pieces;
	o->count = pieces->count;

	int r = write_rest(o);

	if (r == -EAGAIN)
		watch_want(&o->io.watch, WATCH_WRITE);
	return r;
}

bool output_is_busy(const struct output *o)
{
	return o->count > 0;
}
