// SPDX-License-Identifier: ISC
// Many queries at once, a bounded number of them, whose answers come in the order of the questions.
#ifndef SOCKCTL_NET_NAMES_QUERY_QUEUE_H
#define SOCKCTL_NET_NAMES_QUERY_QUEUE_H

#include "base/list.h"
#include "net/names/query.h"

#include <uv.h>

// Gives an answer. The query is freed afterwards.
typedef void query_fn(void *data, const struct query *q);

// Says that answers came from the loop, and there may be room for more queries.
typedef void query_room_fn(void *data);

struct query_queue {
	uv_loop_t *loop;
	size_t limit; // of queries that are asked at once
	size_t asked; // and have no answer yet
	size_t count; // of all in the queue, also those answered behind one that is not
	struct list queries;
	query_fn *on_answer;
	query_room_fn *on_room;
	void *data;
};

void query_queue_init(struct query_queue *queue, uv_loop_t *loop, size_t limit, query_fn *on_answer,
	query_room_fn *on_room, void *data);

// True while no more queries should be added.
bool query_queue_is_full(const struct query_queue *queue);

// Asks Q, which is moved into the queue. What needs nobody to be asked is answered at once, if all
// before it have been. Returns 0, or a negative errno if the system has no thread for it; then Q is
// freed. Not for callbacks on answers.
int query_queue_add(struct query_queue *queue, struct query *q);

// Gives the answers that wait behind one that is late.
void query_queue_deliver_rest(struct query_queue *queue);

// Adds the words that have no answer, a few of them, to TEXT.
void query_queue_add_words(const struct query_queue *queue, struct str *text);

#endif
