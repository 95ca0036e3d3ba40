// SPDX-License-Identifier: ISC
// A timer that its owner may free at once: libuv's part of it lives until libuv is done with it,
// and begins to live when the timer is started first.
#ifndef SOCKCTL_IO_TIMER_H
#define SOCKCTL_IO_TIMER_H

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

typedef void timer_fn(void *data);

struct timer {
	uv_loop_t *loop;
	uv_timer_t *handle; // NULL until it is needed
	timer_fn *cb;
	void *data;
};

void timer_init(struct timer *t, uv_loop_t *loop, timer_fn *cb, void *data);

// Calls back once after MS milliseconds from now; a timer that runs is set anew.
void timer_start(struct timer *t, uint64_t ms);
void timer_stop(struct timer *t);
bool timer_is_running(const struct timer *t);

// Does nothing on a zeroed timer.
void timer_fini(struct timer *t);

#endif
