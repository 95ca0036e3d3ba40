// SPDX-License-Identifier: ISC
#include "base/fifo.h"
#include "unit.h"

static void test_first_in_first_out(void **state)
{
	struct fifo f = {0};
	char buf[16];

	(void)state;
	fifo_add(&f, "abc", 3);
	fifo_add(&f, "defg", 4);
	assert_int_equal(fifo_len(&f), 7);
	assert_int_equal(fifo_take(&f, buf, 2), 2);
	assert_memory_equal(buf, "ab", 2);
	assert_memory_equal(fifo_data(&f), "cdefg", 5);
	fifo_drop(&f, 1);
	fifo_add(&f, "h", 1);
	assert_int_equal(fifo_take(&f, buf, sizeof(buf)), 5);
	assert_memory_equal(buf, "defgh", 5);
	assert_int_equal(fifo_take(&f, buf, sizeof(buf)), 0);
}

static void test_nothing_costs_no_memory(void **state)
{
	struct fifo f = {0};

	(void)state;
	fifo_add(&f, "", 0);
	assert_null(f.bytes.data);
	fifo_add(&f, "x", 1);
	fifo_drop(&f, 1);
	assert_null(f.bytes.data);
	assert_int_equal(f.start, 0);
	fifo_add(&f, "xy", 2);
	fifo_drop(&f, 1);
	fifo_fini(&f);
	assert_int_equal(fifo_len(&f), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_first_in_first_out),
		cmocka_unit_test(test_nothing_costs_no_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
