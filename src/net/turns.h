// SPDX-License-Identifier: ISC
// Work that takes long is done a few pieces in each turn of the loop, so that many who want it at
// once do not hold up everybody else.
#ifndef SOCKCTL_NET_TURNS_H
#define SOCKCTL_NET_TURNS_H

#include "base/list.h"
#include "io/defer.h"

#include <stdbool.h>

struct turns {
	struct defer next;
	struct list waiting;
	unsigned each; // pieces in a turn
	unsigned left; // of them in this one
};

typedef void turn_fn(void *data);

// One who wants to do a piece. Zeroed waits for nothing.
struct turn {
	struct list link;
	turn_fn *cb;
	void *data;
};

// LOOP is as for defer_init().
void turns_init(struct turns *t, uv_loop_t *loop, unsigned each);
void turns_fini(struct turns *t); // nobody waits any more

// Returns true if the piece may be done now. Otherwise it waits: CB is called in a later turn, in
// which it may. Does nothing more if it waits already.
bool turn_take(struct turns *t, struct turn *turn, turn_fn *cb, void *data);

// Does not wait any more.
void turn_leave(struct turn *turn);

#endif
