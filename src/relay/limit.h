// SPDX-License-Identifier: ISC
// A rate that a flow does not exceed. What it may take grows with time, up to a tenth of a second's
// worth: a pause saves up no more than that.
#ifndef SOCKCTL_RELAY_LIMIT_H
#define SOCKCTL_RELAY_LIMIT_H

#include "io/timer.h"

#include <stddef.h>
#include <stdint.h>

#define LIMIT_MOST ((uint64_t)1 << 36) // bytes a second

struct limit {
	uint64_t rate; // bytes a second
	uint64_t burst; // bytes
	uint64_t paid; // ns of CLOCK_MONOTONIC; until when all that was taken is paid for
	uint64_t end; // what may have been received in all at the end of this step
	struct timer timer;
};

// RATE is from 1 to LIMIT_MOST. CB is called when there is room again after limit_wait().
struct limit *limit_create(uv_loop_t *loop, uint64_t rate, timer_fn *cb, void *data);
void limit_destroy(struct limit *l); // NULL does nothing

// A step begins, before which so many bytes have been received in all.
void limit_begin(struct limit *l, uint64_t received);

// How many bytes may be received next, MOST at most.
size_t limit_room(const struct limit *l, uint64_t received, size_t most);

// The step is over, and has taken so many bytes.
void limit_took(struct limit *l, uint64_t bytes);

// Calls back once, when a fair part of a burst may be taken; nothing is to be taken before.
void limit_wait(struct limit *l);
void limit_stop(struct limit *l); // NULL does nothing

#endif
