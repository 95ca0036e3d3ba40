// SPDX-License-Identifier: ISC
// Things that are all due the same time after they were queued: so the first in the queue is always
// the next one due, and one timer serves them all. Times are in milliseconds of any clock.
#ifndef SOCKCTL_BASE_DEADLINE_QUEUE_H
#define SOCKCTL_BASE_DEADLINE_QUEUE_H

#include "base/list.h"

#include <stdint.h>

// Embedded in what is queued, in one queue at a time.
struct due {
	struct list link; // linked to itself while in no queue
	uint64_t since;
};

struct due_queue {
	struct list items;
	uint64_t delay;
};

static inline void due_queue_init(struct due_queue *q, uint64_t delay)
{
	list_init(&q->items);
	q->delay = delay;
}

// SINCE must not be earlier than that of what was queued before.
static inline void due_add(struct due_queue *q, struct due *d, uint64_t since)
{
	d->since = since;
	list_append(&q->items, &d->link);
}

// The first of the queue if it is due, or NULL.
static inline struct due *due_first(const struct due_queue *q, uint64_t now)
{
	struct due *d = list_entry(q->items.next, struct due, link);

	return !list_empty(&q->items) && d->since + q->delay <= now ? d : NULL;
}

// The time until the first of the queue is due, or LIMIT if that is sooner.
static inline uint64_t due_wait(const struct due_queue *q, uint64_t now, uint64_t limit)
{
	const struct due *d = list_entry(q->items.next, struct due, link);

	if (list_empty(&q->items))
		return limit;
	return d->since + q->delay <= now ? 0 : MIN(d->since + q->delay - now, limit);
}

#endif
