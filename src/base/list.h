// SPDX-License-Identifier: ISC
// A doubly linked list whose links are embedded in the members.
#ifndef SOCKCTL_BASE_LIST_H
#define SOCKCTL_BASE_LIST_H

#include "base/util.h"

#include <stdbool.h>

struct list {
	struct list *next, *prev;
};

static inline void list_init(struct list *head)
{
	head->next = head->prev = head;
}

static inline bool list_empty(const struct list *head)
{
	return head->next == head;
}

static inline void list_append(struct list *head, struct list *item)
{
	item->prev = head->prev;
	item->next = head;
	head->prev->next = item;
	head->prev = item;
}

// Takes the item out and leaves it linked to itself, so that removing twice does no harm.
static inline void list_remove(struct list *item)
{
	item->prev->next = item->next;
	item->next->prev = item->prev;
	list_init(item);
}

// Takes all items from one list to the end of the other.
static inline void list_move(struct list *to, struct list *from)
{
	if (list_empty(from))
		return;
	from->next->prev = to->prev;
	to->prev->next = from->next;
	from->prev->next = to;
	to->prev = from->prev;
	list_init(from);
}

#define list_entry(ptr, type, member) container_of(ptr, type, member)

// Visits each link; the current one may be removed meanwhile.
#define list_for_each(it, head) \
	for (struct list *it = (head)->next, *it##_next = it->next; it != (head); \
		it = it##_next, it##_next = it->next)

#endif
