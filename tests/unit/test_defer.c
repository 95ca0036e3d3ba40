// SPDX-License-Identifier: ISC
#include "io/defer.h"

#include "loop.h"
#include "unit.h"

// One that waits for the next turn, and what it does then.
struct waiter {
	struct defer a;
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
		defer_start(&w->a);
	}
	if (w->stops)
		defer_stop(&w->stops->a);
}

static void init(struct waiter *w, char name)
{
	*w = (struct waiter){.name = name};
	defer_init(&w->a, &loop, on_turn, w);
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
	defer_start(&b.a);
	defer_start(&a.a);
	defer_start(&b.a);
	assert_int_equal(order.len, 0); // never from within
	run_turn();
	assert_str_becomes(&order, "ba");
	run_turn();
	assert_str_becomes(&order, "");
	assert_in_range(loop_for(20), 0, 20); // nothing keeps the loop awake
	defer_fini(&a.a);
	defer_fini(&b.a);
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
	defer_start(&a.a);
	defer_start(&b.a);
	run_turn();
	assert_str_becomes(&order, "ab");
	defer_start(&b.a);
	run_turn();
	assert_str_becomes(&order, "ab");
	run_turn();
	assert_str_becomes(&order, "a");
	run_turn();
	assert_str_becomes(&order, "");
	defer_fini(&a.a);
	defer_fini(&b.a);
}

// Also those whose turn has come already can be stopped.
static void test_stop(void **state)
{
	struct waiter a;
	struct waiter b;

	(void)state;
	init(&a, 'a');
	init(&b, 'b');
	defer_start(&a.a);
	defer_stop(&a.a);
	defer_stop(&a.a);
	run_turn();
	assert_str_becomes(&order, "");
	a.stops = &b;
	defer_start(&a.a);
	defer_start(&b.a);
	run_turn();
	run_turn();
	assert_str_becomes(&order, "a");
	defer_start(&b.a);
	defer_fini(&b.a);
	run_turn();
	assert_str_becomes(&order, "");
	defer_fini(&a.a);
	defer_fini(&a.a);
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
