// SPDX-License-Identifier: ISC
#include "io/defer.h"

#include "loop.h"
#include "unit.h"

// One that waits for the next turn, and what it does then.
struct waiter {
	struct again a;
	unsigned calls;
	unsigned restarts; // left to do from within
	struct waiter *stops; // whom it stops, or NULL
	char name;
};

static struct str order; // names in the order of the calls

static void on_turn(void *data)
{
	struct waiter *w = data;

	w->calls++;
	str_addc(&order, w->name);
	if (w->restarts) {
		w->restarts--;
		again_start(&w->a);
	}
	if (w->stops)
		again_stop(&w->stops->a);
}

static void init(struct waiter *w, char name)
{
	*w = (struct waiter){.name = name};
	again_init(&w->a, &loop, on_turn, w);
}

static void run_turn(void)
{
	uv_run(&loop, UV_RUN_NOWAIT);
}

static void test_once_and_in_order(void **state)
{
	struct waiter a;
	struct waiter b;

	(void)state;
	init(&a, 'a');
	init(&b, 'b');
	again_start(&b.a);
	again_start(&a.a);
	again_start(&b.a);
	assert_int_equal(order.len, 0); // never from within
	run_turn();
	assert_str_becomes(&order, "ba");
	run_turn();
	assert_str_becomes(&order, "");
	assert_in_range(loop_for(20), 0, 20); // nothing keeps the loop awake
	again_fini(&a.a);
	again_fini(&b.a);
}

// Who starts again from within takes part in the turn after.
static void test_one_turn_each(void **state)
{
	struct waiter a;
	struct waiter b;

	(void)state;
	init(&a, 'a');
	init(&b, 'b');
	a.restarts = 2;
	again_start(&a.a);
	again_start(&b.a);
	run_turn();
	assert_str_becomes(&order, "ab");
	again_start(&b.a);
	run_turn();
	assert_str_becomes(&order, "ab");
	run_turn();
	assert_str_becomes(&order, "a");
	run_turn();
	assert_str_becomes(&order, "");
	again_fini(&a.a);
	again_fini(&b.a);
}

// Also those whose turn has come already can be stopped.
static void test_stop(void **state)
{
	struct waiter a;
	struct waiter b;

	(void)state;
	init(&a, 'a');
	init(&b, 'b');
	again_start(&a.a);
	again_stop(&a.a);
	again_stop(&a.a);
	run_turn();
	assert_str_becomes(&order, "");
	a.stops = &b;
	again_start(&a.a);
	again_start(&b.a);
	run_turn();
	run_turn();
	assert_str_becomes(&order, "a");
	again_start(&b.a);
	again_fini(&b.a);
	run_turn();
	assert_str_becomes(&order, "");
	again_fini(&a.a);
	again_fini(&a.a);
	str_fini(&order);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		loop_test(test_once_and_in_order),
		loop_test(test_one_turn_each),
		loop_test(test_stop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
