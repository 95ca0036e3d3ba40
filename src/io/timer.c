// SPDX-License-Identifier: ISC
#include "io/timer.h"

#include "base/mem.h"

#include <assert.h>
#include <stdlib.h>

static void on_timer(uv_timer_t *handle)
{
	struct timer *t = handle->data;

	t->cb(t->data);
}

static void on_closed(uv_handle_t *handle)
{
	free(handle);
}

void timer_init(struct timer *t, uv_loop_t *loop, timer_fn *cb, void *data)
{
	assert(loop && cb);
	*t = (struct timer){.loop = loop, .cb = cb, .data = data};
}

static void make_handle(struct timer *t)
{
	t->handle = xmalloc(sizeof(*t->handle));
	uv_timer_init(t->loop, t->handle);
	t->handle->data = t;
}

void timer_start(struct timer *t, uint64_t ms)
{
	assert(t->loop);
	if (!t->handle)
		make_handle(t);
	uv_update_time(t->loop); // the loop's time is that of its last turn
	uv_timer_start(t->handle, on_timer, ms, 0);
}

void timer_stop(struct timer *t)
{
	if (t->handle)
		uv_timer_stop(t->handle);
}

bool timer_is_running(const struct timer *t)
{
	return t->handle && uv_is_active((const uv_handle_t *)t->handle);
}

void timer_fini(struct timer *t)
{
	if (t->handle)
		uv_close((uv_handle_t *)t->handle, on_closed);
	*t = (struct timer){0};
}
