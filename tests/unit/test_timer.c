// SPDX-License-Identifier: ISC
#include "io/timer.h"

#include "loop.h"
#include "unit.h"

// A timer and how often it went off.
struct alarm_clock {
	struct timer t;
	unsigned rings;
	bool rang;
	bool end; // call timer_fini() from the callback
	uint64_t again_ms;
};

static void on_ring(void *data)
{
	struct alarm_clock *c = data;

	c->rings++;
	c->rang = true;
	if (c->end)
		timer_fini(&c->t);
	else if (c->again_ms)
		timer_start(&c->t, c->again_ms);
	c->again_ms = 0;
}

static void init(struct alarm_clock *c)
{
	*c = (struct alarm_clock){0};
	timer_init(&c->t, &loop, on_ring, c);
}

static void test_rings_once(void **state)
{
	struct alarm_clock c;
	uint64_t start = uv_hrtime();

	(void)state;
	init(&c);
	assert_false(timer_is_running(&c.t));
	timer_start(&c.t, 20);
	assert_true(timer_is_running(&c.t));
	loop_until(&c.rang);
	assert_true(uv_hrtime() - start >= 19 * UINT64_C(1000000)); // the loop counts milliseconds
	assert_false(timer_is_running(&c.t));
	loop_for(40);
	assert_int_equal(c.rings, 1);
	timer_fini(&c.t);
}

// The time counts from now, however long ago the loop has looked at its clock.
static void test_counts_from_now(void **state)
{
	struct alarm_clock c;
	uint64_t start;

	(void)state;
	init(&c);
	loop_for(1);
	start = uv_hrtime();
	while (uv_hrtime() - start < 50 * UINT64_C(1000000))
		; // work that the loop does not see
	timer_start(&c.t, 30);
	start = uv_hrtime();
	loop_until(&c.rang);
	assert_true(uv_hrtime() - start >= 29 * UINT64_C(1000000));
	timer_fini(&c.t);
}

static void test_set_anew_and_stopped(void **state)
{
	struct alarm_clock c;

	(void)state;
	init(&c);
	timer_start(&c.t, 1);
	timer_start(&c.t, 60000);
	loop_for(30);
	assert_int_equal(c.rings, 0);
	timer_stop(&c.t);
	assert_false(timer_is_running(&c.t));
	timer_start(&c.t, 1);
	timer_stop(&c.t);
	loop_for(30);
	assert_int_equal(c.rings, 0);
	timer_fini(&c.t);
}

static void test_from_its_callback(void **state)
{
	struct alarm_clock c;

	(void)state;
	init(&c);
	c.again_ms = 1;
	timer_start(&c.t, 1);
	loop_until(&c.rang);
	c.rang = false;
	c.end = true;
	loop_until(&c.rang);
	assert_int_equal(c.rings, 2);
	assert_false(timer_is_running(&c.t));
}

static void test_end_of_nothing(void **state)
{
	struct timer t = {0};

	(void)state;
	timer_stop(&t);
	timer_fini(&t);
	assert_false(timer_is_running(&t));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		loop_test(test_rings_once),
		loop_test(test_counts_from_now),
		loop_test(test_set_anew_and_stopped),
		loop_test(test_from_its_callback),
		loop_test(test_end_of_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
