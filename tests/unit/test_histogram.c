// SPDX-License-Identifier: ISC
#include "base/histogram.h"

#include "out/histogram_text.h"
#include "unit.h"

#include <math.h>
#include <stdlib.h>

static struct histogram h;

static void clear(void)
{
	memset(&h, 0, sizeof(h));
}

static void test_buckets(void **state)
{
	uint64_t random = 1;

	(void)state;
	for (size_t i = 0; i < HISTOGRAM_BUCKETS; i++) {
		uint64_t start = histogram_bucket_start(i);
		uint64_t end = histogram_bucket_start(i + 1);

		assert_true(end > start);
		assert_true((end - start - 1) * 128 <= start);
		assert_int_equal(histogram_bucket(start), i);
		assert_int_equal(histogram_bucket(end - 1), i);
	}
	for (int i = 0; i < 100000; i++) {
		uint64_t value = next_random(&random) >> (next_random(&random) % 64);
		size_t bucket = histogram_bucket(value);

		assert_true(bucket < HISTOGRAM_BUCKETS);
		if (value >> HISTOGRAM_BITS)
			assert_int_equal(bucket, HISTOGRAM_BUCKETS - 1);
		else
			assert_in_range(value, histogram_bucket_start(bucket),
				histogram_bucket_start(bucket + 1) - 1);
	}
}

static void test_empty(void **state)
{
	struct str out = {0};

	(void)state;
	clear();
	assert_int_equal(histogram_percentile(&h, 50), 0);
	assert_true(histogram_deviation(&h) == 0);
	histogram_draw(&h, 0, &out);
	assert_str_becomes(&out, "");
	str_fini(&out);
}

static void test_one(void **state)
{
	struct str out = {0};

	(void)state;
	clear();
	histogram_add(&h, 1234567);
	for (double p = 0; p <= 100; p += 12.5)
		assert_int_equal(histogram_percentile(&h, p), 1234567);
	assert_int_equal(h.min, 1234567);
	assert_int_equal(h.max, 1234567);
	assert_true(h.mean == 1234567 && histogram_deviation(&h) == 0);
	histogram_draw(&h, 0, &out);
	assert_str_becomes(&out, "    1.235 -     1.235 ms "
				 "|####################################|         1 100.0%\n");
	str_clear(&out);
	histogram_draw(&h, 79, &out);
	assert_str_becomes(&out, "    1.235 -     1.235 ms "
				 "|###################################|         1 100.0%\n");
	str_clear(&out);
	histogram_draw(&h, 40, &out);
	assert_str_becomes(&out, "    1.235 ms |##################| 100.0%\n");
	str_fini(&out);
}

// Small values are counted one by one, so the percentiles are exact: nearest rank.
static void test_nearest_rank(void **state)
{
	(void)state;
	clear();
	for (uint64_t i = 1; i <= 100; i++)
		histogram_add(&h, i);
	assert_int_equal(histogram_percentile(&h, 0), 1);
	assert_int_equal(histogram_percentile(&h, 1), 1);
	assert_int_equal(histogram_percentile(&h, 1.5), 2);
	assert_int_equal(histogram_percentile(&h, 50), 50);
	assert_int_equal(histogram_percentile(&h, 99), 99);
	assert_int_equal(histogram_percentile(&h, 99.9), 100);
	assert_int_equal(histogram_percentile(&h, 100), 100);
	assert_true(fabs(h.mean - 50.5) < 1e-9);
	assert_true(fabs(histogram_deviation(&h) - sqrt(9999.0 / 12)) < 1e-9);
}

static int compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a;
	uint64_t y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

// Beside all values sorted, in the shape that latencies have: most near one another, few far away.
static void test_many(void **state)
{
	enum { COUNT = 100000 };
	static const double percents[] = {0.1, 1, 10, 50, 90, 99, 99.9, 99.99};
	uint64_t *values = calloc(COUNT, sizeof(*values));
	uint64_t random = 42;
	double sum = 0;
	double squares = 0;

	(void)state;
	clear();
	assert_non_null(values);
	for (size_t i = 0; i < COUNT; i++) {
		values[i] = 30000 + next_random(&random) % 20000;
		if (next_random(&random) % 50 == 0)
			values[i] <<= next_random(&random) % 12;
		histogram_add(&h, values[i]);
		sum += (double)values[i];
	}
	for (size_t i = 0; i < COUNT; i++)
		squares += ((double)values[i] - sum / COUNT) * ((double)values[i] - sum / COUNT);
	qsort(values, COUNT, sizeof(*values), compare);
	for (size_t i = 0; i < ARRAY_SIZE(percents); i++) {
		double exact = (double)values[(size_t)ceil(percents[i] / 100 * COUNT) - 1];
		double found = (double)histogram_percentile(&h, percents[i]);

		assert_true(fabs(found - exact) <= exact / 128);
	}
	assert_int_equal(h.count, COUNT);
	assert_int_equal(h.min, values[0]);
	assert_int_equal(h.max, values[COUNT - 1]);
	assert_true(fabs(h.mean / (sum / COUNT) - 1) < 1e-9);
	assert_true(fabs(histogram_deviation(&h) / sqrt(squares / COUNT) - 1) < 1e-9);
	free(values);
}

// The lines hold all values, none is wider than a terminal, and each range begins where the last
// one ends.
static void test_drawing(void **state)
{
	struct str out = {0};
	uint64_t random = 7;
	json_t *list;
	json_int_t sum = 0;
	// In memory, where no machine has more digits than a double.
	volatile double first, last;
	double end = 0;
	unsigned lines = 0;

	(void)state;
	clear();
	for (int i = 0; i < 1000; i++)
		histogram_add(&h, 1000 + next_random(&random) % (1000u << (i % 16)));
	histogram_draw(&h, 0, &out);
	for (const char *line = str_c(&out); *line; line = strchr(line, '\n') + 1, lines++)
		assert_in_range(strcspn(line, "\n"), 70, 80);
	assert_int_equal(lines, 20);
	first = (double)h.min / 1e9;
	last = (double)h.max / 1e9;
	list = histogram_json(&h);
	assert_int_equal(json_array_size(list), 20);
	for (size_t i = 0; i < 20; i++) {
		json_t *range = json_array_get(list, i);
		double from = json_real_value(json_array_get(range, 0));

		assert_true(from == (i == 0 ? first : end));
		end = json_real_value(json_array_get(range, 1));
		assert_true(end > from);
		sum += json_integer_value(json_array_get(range, 2));
	}
	assert_true(end == last);
	assert_int_equal(sum, 1000);
	json_decref(list);
	str_fini(&out);
}

// The least and the greatest that can come.
static void test_extremes(void **state)
{
	struct str out = {0};

	(void)state;
	clear();
	histogram_add(&h, 0);
	histogram_add(&h, UINT64_MAX);
	assert_int_equal(histogram_percentile(&h, 50), 0);
	assert_true(histogram_percentile(&h, 100) >= UINT64_C(1) << 40);
	histogram_draw(&h, 0, &out);
	assert_non_null(strstr(str_c(&out), "  50.0%\n"));
	str_fini(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_buckets),
		cmocka_unit_test(test_empty),
		cmocka_unit_test(test_one),
		cmocka_unit_test(test_nearest_rank),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_drawing),
		cmocka_unit_test(test_extremes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
