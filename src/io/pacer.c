// SPDX-License-Identifier: ISC
#include "io/pacer.h"

#include "base/util.h"
#include "sys/trace.h"

#include <assert.h>
#include <errno.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

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

	(void)events;
	if (read(p->fd, &expirations, sizeof(expirations)) > 0)
		p->cb(p->data);
}

int pacer_init(
	struct pacer *p, uv_loop_t *loop, uint64_t rate, uint64_t period, pacer_fn *cb, void *data)
{
	assert(rate > 0 && period > 0 && cb);
	*p = (struct pacer){.cb = cb, .data = data, .rate = rate, .period = period, .paused = true};
	p->quantum = MAX(rate * WAKE_NS / period, (uint64_t)1);
	p->fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
	if (p->fd < 0)
		return -errno;

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
		close(p->fd);
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
	struct itimerspec when = {0};

	at = MAX(at, soonest); // behind: catch up step by step
	when.it_value.tv_sec = (time_t)(at / SECOND);
	when.it_value.tv_nsec = (long)(at % SECOND);
	timerfd_settime(p->fd, TFD_TIMER_ABSTIME, &when, NULL);
}

void pacer_pause(struct pacer *p)
{
	p->paused = true;
}
