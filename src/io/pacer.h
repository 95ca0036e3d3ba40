// SPDX-License-Identifier: ISC
// Keeps a rate: tells how many items are due, and calls when the next ones are. It sleeps between,
// to the microsecond (timerfd), and takes several at once where their distance is less than that of
// two wake-ups.
#ifndef SOCKCTL_IO_PACER_H
#define SOCKCTL_IO_PACER_H

#include "io/watch.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

typedef void pacer_fn(void *data);

struct pacer {
	int fd; // timerfd
	struct watch watch;
	pacer_fn *cb;
	void *data;
	uint64_t rate; // items in a period
	uint64_t period; // ns
	uint64_t quantum; // items per wake-up
	uint64_t origin; // ns; when item 0 was due
	uint64_t done; // items since then
	bool paused;
};

// RATE items in PERIOD nanoseconds, evenly. Returns 0 or a negative errno.
int pacer_init(
	struct pacer *p, uv_loop_t *loop, uint64_t rate, uint64_t period, pacer_fn *cb, void *data);
void pacer_fini(struct pacer *p); // does nothing on a zeroed one

// How many items may go now.
size_t pacer_due(struct pacer *p);

// COUNT items went.
void pacer_took(struct pacer *p, size_t count);

// Calls back when items are due.
void pacer_wait(struct pacer *p);

// Nothing is there to go: what becomes due meanwhile is forgotten.
void pacer_pause(struct pacer *p);

#endif
