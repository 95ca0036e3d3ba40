// SPDX-License-Identifier: ISC
// A callback in the next turn of the event loop, without waiting for anything: for what has used up
// its share of this turn. All of a loop share one handle, so that each costs next to nothing.
#ifndef SOCKCTL_IO_DEFER_H
#define SOCKCTL_IO_DEFER_H

#include "base/list.h"

#include <stdbool.h>
#include <uv.h>

typedef void defer_fn(void *data);

struct defer {
	struct list link;
	uv_loop_t *loop;
	defer_fn *cb;
	void *data;
};

// The data of LOOP is used up by this; it is NULL before.
void defer_init(struct defer *a, uv_loop_t *loop, defer_fn *cb, void *data);

// Calls back once, in the next turn. Does nothing if that is to happen anyway.
void defer_start(struct defer *a);
void defer_stop(struct defer *a);

// Does nothing on a zeroed one.
void defer_fini(struct defer *a);

#endif
