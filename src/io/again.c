// SPDX-License-Identifier: ISC
#include "io/again.h"

#include "base/mem.h"

#include <stdlib.h>

// One for each loop, whose data points to it.
struct queue {
	uv_idle_t idle; // runs while somebody waits
	struct list waiting;
};

static void on_idle(uv_idle_t *idle)
{
	struct queue *q = idle->data;
	struct list turn;

	// Who waits from now on waits for the next turn.
	list_init(&turn);
	list_move(&turn, &q->waiting);
	while (!list_empty(&turn)) {
		struct again *a = list_entry(turn.next, struct again, link);

		list_remove(&a->link);
		a->cb(a->data);
	}
	if (list_empty(&q->waiting))
		uv_idle_stop(&q->idle);
}

static struct queue *queue_of(uv_loop_t *loop)
{
	struct queue *q = loop->data;

	if (q)
		return q;
	q = loop->data = xmalloc(sizeof(*q));
	uv_idle_init(loop, &q->idle);
	q->idle.data = q;
	list_init(&q->waiting);
	return q;
}

void again_init(struct again *a, uv_loop_t *loop, again_fn *cb, void *data)
{
	*a = (struct again){.loop = loop, .cb = cb, .data = data};
	list_init(&a->link);
}

void again_start(struct again *a)
{
	struct queue *q = queue_of(a->loop);

	if (!list_empty(&a->link))
		return;
	if (list_empty(&q->waiting))
		uv_idle_start(&q->idle, on_idle);
	list_append(&q->waiting, &a->link);
}

void again_stop(struct again *a)
{
	list_remove(&a->link);
}

void again_fini(struct again *a)
{
	if (a->loop)
		list_remove(&a->link);
	*a = (struct again){0};
}
