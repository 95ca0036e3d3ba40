// SPDX-License-Identifier: ISC
// Things that are all due the same time after they were queued: so the first in the queue is always
// the next one due, and one timer serves them all. Times are in milliseconds of any clock.
#ifndef SOCKCTL_BASE_DEADLINE_QUEUE_H
#define SOCKCTL_BASE_DEADLINE_QUEUE_H

#include "base/list.h"

#include <assert.h>
#include <stdint.h>

// Embedded in what is queued, in one queue at a time.
struct deadline_link {
	struct list link; // linked to itself while in no queue
	uint64_t since;
};

struct deadline_queue {
	struct list items;
	uint64_t delay;
};

static inline void deadline_queue_init(struct deadline_queue *q, uint64_t delay)
{
	list_init(&q->items);
	q->delay = delay;
}

// SINCE must not be earlier than that of what was queued before.
static inline void deadline_queue_add(
	struct deadline_queue *q, struct deadline_link *d, uint64_t since)
{
	assert(list_empty(&q->items) ||
		list_entry(q->items.prev, struct deadline_link, link)->since <= since);
	d->since = since;
	list_append(&q->items, &d->link);
}

// The first of the queue if it is due, or NULL.
static inline struct deadline_link *deadline_queue_first(
	const struct deadline_queue *q, uint64_t now)
{
	struct deadline_link *d = list_entry(q->items.next, struct deadline_link, link);

	return !list_empty(&q->items) && d->since + q->delay <= now ? d : NULL;
}

// The time until the first of the queue is due, or LIMIT if that is sooner.
static inline uint64_t deadline_queue_wait(
	const struct deadline_queue *q, uint64_t now, uint64_t limit)
{
	const struct deadline_link *d = list_entry(q->items.next, struct deadline_link, link);

	if (list_empty(&q->items))
		return limit;
	return d->since + q->delay <= now ? 0 : MIN(d->since + q->delay - now, limit);
}

#endif
