// SPDX-License-Identifier: ISC
// What is said to many: each hears all that others say from when it joins, at its own pace.
#include "relay/fanout.h"

#include "base/mem.h"
#include "loop.h"
#include "relay/relay.h"
#include "unit.h"

#include <stdlib.h>

#define MIB (1024 * 1024)

static struct relay relay = {.finished = true}; // nothing to be woken
static struct fanout_reader *given_up;
static unsigned rooms;

static void on_behind(struct fanout *a, struct fanout_reader *r)
{
	(void)a;
	given_up = r;
	fanout_leave(r);
}

static void on_room(struct fanout *a)
{
	(void)a;
	rooms++;
}

static void open_audience(struct fanout *a)
{
	given_up = NULL;
	rooms = 0;
	fanout_init(a, &loop, on_behind, on_room, NULL);
}

static void say(struct fanout *a, const struct fanout_reader *from, const char *text)
{
	fanout_give(a, from, text, strlen(text));
}

static void expect(struct fanout_reader *r, const char *text)
{
	char buf[100] = {0};

	assert_int_equal(fanout_take(r, buf, sizeof(buf) - 1), strlen(text));
	assert_string_equal(buf, text);
}

static void test_everybody_but_the_speaker(void **state)
{
	struct fanout a;
	struct fanout_reader one;
	struct fanout_reader two;
	struct fanout_reader late;
	char letter;

	(void)state;
	open_audience(&a);
	fanout_join(&a, &one, &relay);
	fanout_join(&a, &two, &relay);
	say(&a, NULL, "all ");
	say(&a, &one, "from one ");
	say(&a, &two, "from two");
	fanout_join(&a, &late, &relay);
	expect(&one, "all from two");
	assert_int_equal(fanout_take(&two, &letter, 1), 1); // within a piece
	assert_int_equal(letter, 'a');
	expect(&two, "ll from one ");
	expect(&late, "");
	say(&a, &two, "!");
	expect(&one, "!");
	expect(&two, "");
	expect(&late, "!");
	fanout_leave(&one);
	fanout_leave(&one);
	expect(&one, "");
	say(&a, &late, "?");
	expect(&two, "?");
	fanout_leave(&two);
	fanout_leave(&late);
	fanout_fini(&a);
}

// Room there is again when the slowest has caught up, or has left.
static void test_room(void **state)
{
	static char block[MIB / 4 - 100]; // five are too many
	struct fanout a;
	struct fanout_reader one;
	struct fanout_reader two;

	(void)state;
	open_audience(&a);
	fanout_join(&a, &one, &relay);
	fanout_join(&a, &two, &relay);
	for (int way = 0; way < 2; way++) {
		for (int i = 0; i < 5; i++) {
			assert_true(fanout_has_room(&a, NULL));
			fanout_give(&a, &one, block, sizeof(block));
		}
		assert_false(fanout_has_room(&a, NULL));
		assert_false(fanout_has_room(&a, &one));
		assert_true(fanout_has_room(&a, &two)); // it holds up nobody by what it says
		assert_int_equal(rooms, way);
		if (way == 0)
			while (fanout_take(&two, block, sizeof(block)))
				;
		else
			fanout_leave(&two);
		assert_int_equal(rooms, way + 1);
		assert_true(fanout_has_room(&a, &one));
	}
	fanout_leave(&one);
	fanout_fini(&a);
}

// Who is far behind may go on giving, but not for ever.
static void test_most_that_is_kept(void **state)
{
	static char block[MIB];
	struct fanout a;
	struct fanout_reader one;
	struct fanout_reader two;
	size_t kept = 0;

	(void)state;
	open_audience(&a);
	fanout_join(&a, &one, &relay);
	fanout_join(&a, &two, &relay);
	for (int i = 0; i < 2; i++)
		fanout_give(&a, &one, block, sizeof(block));
	for (; fanout_has_room(&a, &two); kept++) {
		assert_in_range(kept, 0, 16);
		fanout_give(&a, &two, block, sizeof(block));
		assert_int_equal(fanout_take(&one, block, sizeof(block)), sizeof(block));
	}
	assert_in_range(kept, 4, 16);
	assert_int_equal(rooms, 0);
	for (int i = 0; i < 2; i++)
		assert_int_equal(fanout_take(&two, block, sizeof(block)), sizeof(block));
	assert_int_equal(fanout_take(&two, block, sizeof(block)), 0);
	assert_int_equal(rooms, 1);
	assert_true(fanout_has_room(&a, &one));
	assert_true(fanout_has_room(&a, &two));
	fanout_leave(&one);
	fanout_leave(&two);
	fanout_fini(&a);
}

// Who takes nothing is given up where another has nothing left, and only there.
static void test_patience(void **state)
{
	static char block[MIB / 4 - 100]; // five are too many
	struct fanout a;
	struct fanout_reader speaker;
	struct fanout_reader deaf;
	struct fanout_reader other;

	(void)state;
	open_audience(&a);
	fanout_join(&a, &speaker, &relay);
	fanout_join(&a, &deaf, &relay);
	for (int i = 0; i < 5; i++)
		fanout_give(&a, &speaker, block, sizeof(block));
	speaker.is_held_up = true;
	loop_for(500);
	assert_null(given_up);
	fanout_join(&a, &other, &relay);
	loop_for(500);
	assert_ptr_equal(given_up, &deaf);
	assert_true(fanout_has_room(&a, &speaker));
	fanout_leave(&speaker);
	fanout_leave(&other);
	fanout_fini(&a);
}

// All but the one that takes nothing have something to say, and would hear each other.
static void test_patience_of_speakers(void **state)
{
	static char block[MIB / 4 - 100]; // five are too many
	struct fanout a;
	struct fanout_reader speaker;
	struct fanout_reader deaf;
	struct fanout_reader other;

	(void)state;
	for (int way = 0; way < 2; way++) { // another reader, or who is no reader
		open_audience(&a);
		fanout_join(&a, &speaker, &relay);
		fanout_join(&a, &deaf, &relay);
		for (int i = 0; i < 5; i++)
			fanout_give(&a, &speaker, block, sizeof(block));
		speaker.is_held_up = true;
		deaf.is_held_up = true;
		loop_for(1500);
		assert_null(given_up); // the speaker could hear nobody else
		if (way == 0)
			fanout_join(&a, &other, &relay);
		*(way == 0 ? &other.is_held_up : &a.is_held_up) = true;
		loop_for(1000);
		assert_ptr_equal(given_up, &deaf);
		fanout_leave(&speaker);
		if (way == 0)
			fanout_leave(&other);
		fanout_fini(&a);
	}
}

// Anything in any order, beside a queue for each.
enum { READERS = 6, STEPS = 20000, LARGEST = 5000 };

struct model {
	struct fanout_reader reader;
	bool is_here;
	struct str queue; // what it has still to hear
};

static void model_give(struct fanout *a, struct model *all, int from, uint64_t random)
{
	char data[LARGEST];
	size_t len = 1 + random % (random & 64 ? LARGEST : 8);

	for (size_t i = 0; i < len; i++)
		data[i] = (char)(random + i * 7);
	fanout_give(a, from < 0 ? NULL : &all[from].reader, data, len);
	for (int i = 0; i < READERS; i++)
		if (all[i].is_here && i != from)
			str_addn(&all[i].queue, data, len);
}

static void model_take(struct model *m, size_t most)
{
	char *data = xmalloc(most + 1);
	size_t n = fanout_take(&m->reader, data, most);

	assert_int_equal(n, MIN(most, m->queue.len));
	if (n)
		assert_memory_equal(data, m->queue.data, n);
	str_drop(&m->queue, n);
	free(data);
}

static void model_toggle(struct fanout *a, struct model *m)
{
	if (m->is_here)
		fanout_leave(&m->reader);
	else
		fanout_join(a, &m->reader, &relay);
	m->is_here = !m->is_here;
	str_fini(&m->queue);
}

static void test_any_order(void **state)
{
	struct fanout a;
	struct model all[READERS] = {0};
	uint64_t random = 1;

	(void)state;
	open_audience(&a);
	for (int step = 0; step < STEPS; step++) {
		uint64_t r = next_random(&random);
		struct model *m = &all[r % READERS];
		unsigned kind = (unsigned)(r >> 32) % 100;

		if (kind < 3)
			model_toggle(&a, m);
		else if (kind < 50)
			model_give(&a, all, m->is_here ? (int)(m - all) : -1, r >> 40);
		else if (m->is_here)
			model_take(m, (r >> 40) % 20000);
		if (step % 1000 == 0) // everybody has everything
			for (int i = 0; i < READERS; i++)
				if (all[i].is_here)
					model_take(&all[i], all[i].queue.len);
	}
	for (int i = 0; i < READERS; i++) {
		fanout_leave(&all[i].reader);
		str_fini(&all[i].queue);
	}
	fanout_fini(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		loop_test(test_everybody_but_the_speaker),
		loop_test(test_room),
		loop_test(test_most_that_is_kept),
		loop_test(test_patience),
		loop_test(test_patience_of_speakers),
		loop_test(test_any_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
