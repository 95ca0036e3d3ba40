// SPDX-License-Identifier: ISC
#include "net/turns.h"

#include "loop.h"
#include "unit.h"

struct worker {
	struct turn turn;
	struct turns *turns;
	char name;
	unsigned again; // pieces more that it wants
	struct worker *leaves; // who is made to wait no more, or NULL
};

static struct str order; // names in the order in which pieces were done

static void on_turn(void *data);

static void work(struct worker *w)
{
	str_addc(&order, w->name);
	if (w->leaves)
		turn_leave(&w->leaves->turn);
	if (!w->again)
		return;
	w->again--;
	if (turn_take(w->turns, &w->turn, on_turn, w))
		work(w);
}

static void on_turn(void *data)
{
	work(data);
}

static void want(struct turns *t, struct worker *w, char name)
{
	*w = (struct worker){.turns = t, .name = name, .again = w->again, .leaves = w->leaves};
	if (turn_take(t, &w->turn, on_turn, w))
		work(w);
}

static void run_turn(void)
{
	uv_run(&loop, UV_RUN_NOWAIT);
}

// So many at once, the others in later turns, who came first first.
static void test_a_few_in_each_turn(void **state)
{
	struct worker w[5] = {0};
	struct turns t;

	(void)state;
	turns_init(&t, &loop, 2);
	for (int i = 0; i < 5; i++)
		want(&t, &w[i], (char)('a' + i));
	assert_str_becomes(&order, "ab");
	run_turn();
	assert_str_becomes(&order, "cd");
	run_turn();
	assert_str_becomes(&order, "e");
	assert_in_range(loop_for(20), 0, 20); // nothing keeps the loop awake
	turns_fini(&t);
}

// Who wants more queues behind those who wait.
static void test_who_wants_more_waits_behind(void **state)
{
	struct worker greedy = {.again = 2}, other = {0};
	struct turns t;

	(void)state;
	turns_init(&t, &loop, 1);
	want(&t, &greedy, 'g');
	want(&t, &other, 'o');
	assert_str_becomes(&order, "g");
	run_turn();
	run_turn();
	run_turn();
	assert_str_becomes(&order, "gog");
	turns_fini(&t);
}

// A place is kept: it is asked for once, however often.
static void test_one_place_each(void **state)
{
	struct worker first = {0}, w = {0};
	struct turns t;

	(void)state;
	turns_init(&t, &loop, 1);
	want(&t, &first, 'f');
	want(&t, &w, 'w');
	assert_false(turn_take(&t, &w.turn, on_turn, &w));
	run_turn();
	run_turn();
	assert_str_becomes(&order, "fw");
	turns_fini(&t);
}

// Who has left is not called, also where that happens in the turn of another.
static void test_who_leaves(void **state)
{
	struct worker first = {0}, second = {0}, third = {0}, fourth = {0};
	struct turns t;

	(void)state;
	turns_init(&t, &loop, 1);
	want(&t, &first, '1');
	second.leaves = &third;
	want(&t, &second, '2');
	want(&t, &third, '3');
	want(&t, &fourth, '4');
	turn_leave(&fourth.turn);
	turn_leave(&fourth.turn);
	for (int i = 0; i < 4; i++)
		run_turn();
	assert_str_becomes(&order, "12");
	turns_fini(&t);
}

// All pieces are there again in a turn for which nobody has waited.
static void test_left_over_is_not_saved(void **state)
{
	struct worker w[4] = {0};
	struct turns t;

	(void)state;
	turns_init(&t, &loop, 2);
	want(&t, &w[0], 'a');
	for (int i = 0; i < 3; i++)
		run_turn();
	for (int i = 1; i < 4; i++)
		want(&t, &w[i], (char)('a' + i));
	assert_str_becomes(&order, "abc");
	run_turn();
	assert_str_becomes(&order, "d");
	turns_fini(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		loop_test(test_a_few_in_each_turn),
		loop_test(test_who_wants_more_waits_behind),
		loop_test(test_one_place_each),
		loop_test(test_who_leaves),
		loop_test(test_left_over_is_not_saved),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
