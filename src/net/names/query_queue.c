// SPDX-License-Identifier: ISC
#include "net/names/query_queue.h"

#include "base/mem.h"
#include "io/task.h"

#include <stdlib.h>
#include <string.h>

#define AHEAD 64 // times the limit: how many answers may wait for one that is late
#define NAMED 3 // words of those without an answer

struct entry {
	struct task task;
	struct list link;
	struct query_queue *queue;
	struct query query;
	bool answered;
	unsigned refs; // of the queue and of the task
};

void query_queue_init(struct query_queue *queue, uv_loop_t *loop, size_t limit, query_fn *on_answer,
	query_room_fn *on_room, void *data)
{
	*queue = (struct query_queue){.loop = loop,
		.limit = limit,
		.on_answer = on_answer,
		.on_room = on_room,
		.data = data};
	list_init(&queue->queries);
}

bool query_queue_is_full(const struct query_queue *queue)
{
	return queue->asked >= queue->limit || queue->count >= AHEAD * queue->limit;
}

static void drop(struct entry *e)
{
	if (--e->refs)
		return;
	query_fini(&e->query);
	free(e);
}

static void give(struct entry *e)
{
	struct query_queue *queue = e->queue;

	list_remove(&e->link);
	queue->count--;
	queue->on_answer(queue->data, &e->query);
	drop(e);
}

static void deliver(struct query_queue *queue)
{
	list_for_each (it, &queue->queries) {
		struct entry *e = list_entry(it, struct entry, link);

		if (!e->answered)
			break;
		give(e);
	}
}

void query_queue_deliver_rest(struct query_queue *queue)
{
	list_for_each (it, &queue->queries) {
		struct entry *e = list_entry(it, struct entry, link);

		if (e->answered)
			give(e);
	}
}

static void work(struct task *t)
{
	query_run(&container_of(t, struct entry, task)->query);
}

static void done(struct task *t)
{
	struct entry *e = container_of(t, struct entry, task);
	struct query_queue *queue = e->queue;

	e->answered = true;
	queue->asked--;
	deliver(queue);
	queue->on_room(queue->data);
}

static void release(struct task *t)
{
	drop(container_of(t, struct entry, task));
}

int query_queue_add(struct query_queue *queue, struct query *q)
{
	struct entry *e = xcalloc(1, sizeof(*e));
	int r = 0;

	e->queue = queue;
	e->query = *q;
	e->answered = query_is_immediate(q);
	e->refs = e->answered ? 1 : 2;
	*q = (struct query){0};
	list_append(&queue->queries, &e->link);
	queue->count++;
	if (e->answered) {
		query_run(&e->query);
		deliver(queue);
		return 0;
	}
	queue->asked++;
	r = task_start(&e->task, queue->loop, work, done, release);
	if (r < 0) {
		list_remove(&e->link);
		queue->count--;
		queue->asked--;
		drop(e);
	}
	return r;
}

void query_queue_add_words(const struct query_queue *queue, struct str *text)
{
	size_t named = 0;

	list_for_each (it, &queue->queries) {
		const struct entry *e = list_entry(it, struct entry, link);

		if (e->answered)
			continue;
		if (named++ == NAMED) {
			str_addf(text, " and others");
			break;
		}
		str_add(text, named > 1 ? ", " : "");
		str_add_escaped(text, e->query.word, strlen(e->query.word));
	}
}
