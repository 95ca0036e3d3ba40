// SPDX-License-Identifier: ISC
#include "base/lines.h"

#include "unit.h"

// Checks that the next line is TEXT, or that there is none if TEXT is NULL.
static void check(struct lines *l, const char *text)
{
	size_t len = SIZE_MAX;
	const char *line = lines_next(l, &len);

	if (!text) {
		assert_null(line);
		return;
	}
	assert_non_null(line);
	assert_string_equal(line, text);
	assert_int_equal(len, strlen(text));
}

static void test_pieces(void **state)
{
	struct lines l = {0};

	(void)state;
	check(&l, NULL);
	lines_add(&l, "fir", 3);
	check(&l, NULL);
	assert_int_equal(lines_left(&l), 3);
	lines_add(&l, "st\nsecond\n\nfou", 14);
	check(&l, "first");
	check(&l, "second");
	lines_add(&l, "rth", 3); // what is left moves, what was given goes
	check(&l, "");
	check(&l, NULL);
	assert_int_equal(lines_left(&l), 6);
	lines_end(&l);
	check(&l, "fourth");
	check(&l, NULL);
	assert_int_equal(lines_left(&l), 0);
	lines_fini(&l);
}

static void test_end_after_newline(void **state)
{
	struct lines l = {0};

	(void)state;
	lines_add(&l, "one\n", 4);
	lines_end(&l);
	check(&l, "one");
	check(&l, NULL);
	lines_fini(&l);
}

static void test_nul(void **state)
{
	struct lines l = {0};
	size_t len;

	(void)state;
	lines_add(&l, "a\0b\nc\n", 6);
	assert_string_equal(lines_next(&l, &len), "a");
	assert_int_equal(len, 3);
	check(&l, "c");
	lines_fini(&l);
}

// However the bytes are cut, the lines are the same.
static void test_every_cut(void **state)
{
	static const char text[] = "a\nbb\n\nccc\nd";

	(void)state;
	for (size_t step = 1; step < sizeof(text); step++) {
		struct lines l = {0};
		struct str got = {0};
		const char *line;
		size_t len;

		for (size_t at = 0; at < strlen(text); at += step) {
			lines_add(&l, text + at, MIN(step, strlen(text) - at));
			while ((line = lines_next(&l, &len)))
				str_addf(&got, "%s|", line);
		}
		lines_end(&l);
		while ((line = lines_next(&l, &len)))
			str_addf(&got, "%s|", line);
		assert_str_becomes(&got, "a|bb||ccc|d|");
		str_fini(&got);
		lines_fini(&l);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pieces),
		cmocka_unit_test(test_end_after_newline),
		cmocka_unit_test(test_nul),
		cmocka_unit_test(test_every_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
