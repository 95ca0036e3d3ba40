// SPDX-License-Identifier: ISC
#include "io/defer.h"

#include "base/mem.h"

#include <assert.h>
#include <stdlib.h>

// One for each loop, whose data points to it.
struct queue {
	uv_idle_t idle; // runs while somebody waits
	struct list waiting;
	unsigned users;
};

static void on_idle(uv_idle_t *idle)
{
	struct queue *q = idle->data;
	struct list turn;

	// Who waits from now on waits for the next turn.
	list_init(&turn);
	list_move(&turn, &q->waiting);
	while (!list_empty(&turn)) {
		struct defer *a = list_entry(turn.next, struct defer, link);

		list_remove(&a->link);
		a->cb(a->data);
	}
	if (list_empty(&q->waiting))
		uv_idle_stop(&q->idle);
}

static void create_queue(uv_loop_t *loop)
{
	struct queue *q = loop->data = xcalloc(1, sizeof(*q));

	uv_idle_init(loop, &q->idle);
	q->idle.data = q;
	list_init(&q->waiting);
}

static void on_closed(uv_handle_t *handle)
{
	free(handle->data);
}

static void leave_queue(uv_loop_t *loop)
{
	struct queue *q = loop->data;

	if (--q->users)
		return;
	loop->data = NULL;
	uv_close((uv_handle_t *)&q->idle, on_closed);
}

void defer_init(struct defer *a, uv_loop_t *loop, defer_fn *cb, void *data)
{
	struct queue *q;

	assert(loop && cb);
	if (!loop->data)
		create_queue(loop);
	q = loop->data;
	q->users++;
	*a = (struct defer){.loop = loop, .cb = cb, .data = data};
	list_init(&a->link);
}

void defer_start(struct defer *a)
{
	struct queue *q = a->loop->data;

	assert(a->loop);
	if (!list_empty(&a->link))
		return;
	if (list_empty(&q->waiting))
		uv_idle_start(&q->idle, on_idle);
	list_append(&q->waiting, &a->link);
}

void defer_stop(struct defer *a)
{
	list_remove(&a->link);
}

void defer_fini(struct defer *a)
{
	if (a->loop) {
		list_remove(&a->link);
		leave_queue(a->loop);
	}
	*a = (struct defer){0};
}
