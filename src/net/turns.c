// SPDX-License-Identifier: ISC
#include "net/turns.h"

#include <assert.h>

static void on_next(void *data)
{
	struct turns *t = data;

	t->left = t->each;
	while (t->left && !list_empty(&t->waiting)) {
		struct turn *turn = list_entry(t->waiting.next, struct turn, link);

		t->left--;
		turn_leave(turn);
		turn->cb(turn->data);
	}
	if (t->left < t->each)
		defer_start(&t->next);
}

void turns_init(struct turns *t, uv_loop_t *loop, unsigned each)
{
	assert(each);
	*t = (struct turns){.each = each, .left = each};
	list_init(&t->waiting);
	defer_init(&t->next, loop, on_next, t);
}

void turns_fini(struct turns *t)
{
	defer_fini(&t->next);
}

bool turn_take(struct turns *t, struct turn *turn, turn_fn *cb, void *data)
{
	if (turn->link.next)
		return false;
	defer_start(&t->next);
	if (t->left) {
		t->left--;
		return true;
	}
	turn->cb = cb;
	turn->data = data;
	list_append(&t->waiting, &turn->link);
	return false;
}

void turn_leave(struct turn *turn)
{
	if (!turn->link.next)
		return;
	list_remove(&turn->link);
	turn->link.next = NULL;
}
