// SPDX-License-Identifier: ISC
#include "base/root.h"

#include "unit.h"

#include <math.h>

// As exact as the library, but for the last bits of a product.
static void test_against_library(void **state)
{
	(void)state;
	for (unsigned n = 1; n <= 20; n++)
		for (double x = 1e-9; x < 1e20; x *= 3.7) {
			double right = pow(x, 1.0 / n);

			assert_true(fabs(nth_root(x, n) - right) <= right * 1e-14);
		}
}

static void test_whole_numbers(void **state)
{
	(void)state;
	assert_true(nth_root(0, 2) == 0);
	assert_true(nth_root(1, 7) == 1);
	assert_true(nth_root(144, 2) == 12);
	assert_true(nth_root(1024, 10) == 2);
	assert_true(nth_root(5, 1) == 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_against_library),
		cmocka_unit_test(test_whole_numbers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
