// SPDX-License-Identifier: ISC
#include "relay/limit.h"

#include "base/mem.h"
#include "base/util.h"
#include "sys/trace.h"

#include <assert.h>
#include <stdlib.h>

#define SECOND 1000000000ull
#define SECOND_MS 1000
#define BURSTS 10 // in a second

static uint64_t round_up(uint64_t n, uint64_t divisor)
{
	return (n + divisor - 1) / divisor;
}

// After which so many bytes are paid for: rounded down, they would never quite be.
static uint64_t time_for(const struct limit *l, uint64_t bytes)
{
	return bytes / l->rate * SECOND + round_up(bytes % l->rate * SECOND, l->rate);
}

static uint64_t fair_part(const struct limit *l)
{
	return (l->burst + 1) / 2;
}

struct limit *limit_create(uv_loop_t *loop, uint64_t rate, timer_fn *cb, void *data)
{
	struct limit *l = xcalloc(1, sizeof(*l));

	assert(rate > 0 && rate <= LIMIT_MOST);
	*l = (struct limit){.rate = rate, .burst = MAX(rate / BURSTS, (uint64_t)1)};
	timer_init(&l->timer, loop, cb, data);
	return l;
}

void limit_destroy(struct limit *l)
{
	if (!l)
		return;
	timer_fini(&l->timer);
	free(l);
}

void limit_begin(struct limit *l, uint64_t received)
{
	uint64_t now = trace_now();
	uint64_t longest = time_for(l, l->burst);
	uint64_t due;

	if (now > longest)
		l->paid = MAX(l->paid, now - longest);
	due = now > l->paid ? (now - l->paid) * l->rate / SECOND : 0;
	// What else happens meanwhile must not make crumbs of it.
	if (timer_is_running(&l->timer) && due < fair_part(l))
		due = 0;
	l->end = received + due;
}

size_t limit_room(const struct limit *l, uint64_t received, size_t most)
{
	return received < l->end ? (size_t)MIN(l->end - received, most) : 0;
}

void limit_took(struct limit *l, uint64_t bytes)
{
	l->paid += time_for(l, bytes);
}

void limit_wait(struct limit *l)
{
	if (!timer_is_running(&l->timer))
		timer_start(&l->timer, round_up(fair_part(l) * SECOND_MS, l->rate));
}

void limit_stop(struct limit *l)
{
	if (l)
		timer_stop(&l->timer);
}
