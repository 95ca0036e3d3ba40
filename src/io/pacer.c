// SPDX-License-Identifier: ISC
#include "io/pacer.h"

#include "base/util.h"
#include "sys/file.h"
#include "sys/loop.h"
#include "sys/trace.h"

#include <assert.h>
#include <sys/timerfd.h>
#include <time.h>

#define SECOND 1000000000ull
#define WAKE_NS 500000 // the least time between two wake-ups
#define CATCH_UP 2 // after a delay, so many times the usual number goes at once

// When item N is due, without overflow in a run of years.
static uint64_t due_at(const struct pacer *p, uint64_t n)
{
	return p->origin + n / p->rate * p->period + n % p->rate * p->period / p->rate;
}

static void on_tick(struct watch *w, unsigned events)
{
	struct pacer *p = w->data;
	uint64_t expirations;

	ssize_t n;

	(void)events;

	trace_housekeeping(true);
	n = sys_read(p->fd, &expirations, sizeof(expirations));
	trace_housekeeping(false);
	if (n > 0)
		p->cb(p->data);
}

int pacer_init(
	struct pacer *p, uv_loop_t *loop, uint64_t rate, uint64_t period, pacer_fn *cb, void *data)
{
	assert(rate > 0 && period > 0 && cb);
	*p = (struct pacer){.cb = cb, .data = data, .rate = rate, .period = period, .paused = true};
	p->quantum = MAX(rate * WAKE_NS / period, (uint64_t)1);
	p->fd = sys_timerfd_create(TFD_NONBLOCK | TFD_CLOEXEC);
	if (p->fd < 0)
		return p->fd;

	int r = watch_init(&p->watch, loop, p->fd, 0, on_tick, p);

	if (r == 0)
		watch_want(&p->watch, WATCH_READ);
	return r;
}

void pacer_fini(struct pacer *p)
{
	if (!p->cb)
		return;
	watch_fini(&p->watch);
	if (p->fd >= 0)
		sys_close_internal(p->fd);
	*p = (struct pacer){0};
}

size_t pacer_due(struct pacer *p)
{
	uint64_t now = trace_now();
	uint64_t due;

	if (p->paused && due_at(p, p->done) < now) {
		p->origin = now;
		p->done = 0;
	}
	p->paused = false;
	due = (now - p->origin) / p->period * p->rate +
	      (now - p->origin) % p->period * p->rate / p->period + 1;
	return due > p->done ? (size_t)MIN(due - p->done, p->quantum * CATCH_UP) : 0;
}

void pacer_took(struct pacer *p, size_t count)
{
	p->done += count;
}

void pacer_wait(struct pacer *p)
{
	uint64_t at = due_at(p, p->done + p->quantum - 1);
	uint64_t soonest = trace_now() + (p->quantum > 1 ? WAKE_NS / CATCH_UP : 1);
	struct timespec when;

	at = MAX(at, soonest); // behind: catch up step by step
	when.tv_sec = (time_t)(at / SECOND);
	when.tv_nsec = (long)(at % SECOND);
	sys_timerfd_settime(p->fd, &when);
}

void pacer_pause(struct pacer *p)
{
	p->paused = true;
}
