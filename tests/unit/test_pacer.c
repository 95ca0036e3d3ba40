// SPDX-License-Identifier: ISC
#include "io/pacer.h"

#include "loop.h"
#include "unit.h"

// Takes COUNT items as they become due.
#define SECOND 1000000000ull

struct runner {
	struct pacer p;
	uint64_t left;
	size_t most; // taken at once
	unsigned wakes;
	bool done;
};

static void go_on(struct runner *r)
{
	size_t n = pacer_due(&r->p);

	n = (size_t)MIN(n, r->left);
	r->most = MAX(r->most, n);
	r->left -= n;
	pacer_took(&r->p, n);
	r->done = r->left == 0;
	if (!r->done)
		pacer_wait(&r->p);
}

static void on_due(void *data)
{
	struct runner *r = data;

	r->wakes++;
	go_on(r);
}

// Returns how many nanoseconds COUNT items took.
static uint64_t run(struct runner *r, uint64_t rate, uint64_t period, uint64_t count)
{
	uint64_t start = uv_hrtime();

	*r = (struct runner){.left = count};
	assert_int_equal(pacer_init(&r->p, &loop, rate, period, on_due, r), 0);
	go_on(r);
	loop_until(&r->done);
	pacer_fini(&r->p);
	return uv_hrtime() - start;
}

// Never faster than asked for. How much slower depends on the machine, which others use too.
static void test_rates(void **state)
{
	static const struct {
		uint64_t rate, period, count;
	} cases[] = {{100, SECOND, 6}, {1000, SECOND, 51}, {3, SECOND, 2}, {20000, SECOND, 2001},
		{1000000, SECOND, 100001}, {1, SECOND / 10, 4}, {250, 10 * SECOND, 6}};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct runner r;
		uint64_t least = (cases[i].count - 1) * cases[i].period / cases[i].rate;

		// The last ones may go together with those that are due a wake-up earlier.
		assert_true(
			run(&r, cases[i].rate, cases[i].period, cases[i].count) + 1000000 >= least);
	}
}

// Between items of a low rate it sleeps; those of a high rate share wake-ups.
static void test_wake_ups(void **state)
{
	struct runner r;

	(void)state;
	run(&r, 50, SECOND, 6);
	assert_in_range(r.wakes, 3, 10);
	assert_in_range(r.most, 1, 2); // two after a delay, which is no fault of ours
	run(&r, 1000000, SECOND, 50001);
	assert_in_range(r.wakes, 1, 5000);
}

// After a pause nothing is caught up with.
static void test_pause(void **state)
{
	struct runner r = {.left = 1000};

	(void)state;
	assert_int_equal(pacer_init(&r.p, &loop, 10, SECOND, on_due, &r), 0);
	assert_int_equal(pacer_due(&r.p), 1);
	pacer_took(&r.p, 1);
	pacer_pause(&r.p);
	loop_for(250);
	assert_int_equal(pacer_due(&r.p), 1);
	pacer_took(&r.p, 1);
	assert_int_equal(pacer_due(&r.p), 0);
	pacer_fini(&r.p);
	pacer_fini(&r.p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		loop_test(test_rates),
		loop_test(test_wake_ups),
		loop_test(test_pause),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
