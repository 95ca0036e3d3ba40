// SPDX-License-Identifier: ISC
#include "base/value.h"

#include "unit.h"

#include <errno.h>
#include <inttypes.h>

#define UNTOUCHED 0xfeedfacecafebeef

struct value_case {
	const char *word;
	int result;
	uint64_t value;
};

static void check(int (*parse)(const char *, uint64_t *), const struct value_case *cases, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		uint64_t v = UNTOUCHED;
		int r = parse(cases[i].word, &v);

		if (r != cases[i].result || v != (r == 0 ? cases[i].value : UNTOUCHED))
			fail_msg("'%s': %d, %" PRIu64 "; expected %d, %" PRIu64, cases[i].word, r,
				v, cases[i].result, cases[i].value);
	}
}

static void test_uint(void **state)
{
	static const struct value_case cases[] = {
		{"0", 0, 0}, {"7", 0, 7}, {"007", 0, 7}, {"65535", 0, 65535},
		{"18446744073709551615", 0, UINT64_MAX}, {"18446744073709551616", -ERANGE, 0},
		{"99999999999999999999999999", -ERANGE, 0}, {"", -EINVAL, 0}, {" 1", -EINVAL, 0},
		{"1 ", -EINVAL, 0}, {"+1", -EINVAL, 0}, {"-1", -EINVAL, 0}, {"0x10", -EINVAL, 0},
		{"1e3", -EINVAL, 0}, {"80abc", -EINVAL, 0}, {"1.5", -EINVAL, 0},
		{"99999999999999999999999999abc", -EINVAL, 0},
		{"\xd9\xa1", -EINVAL, 0}, // an Arabic digit
	};

	(void)state;
	check(parse_uint, cases, ARRAY_SIZE(cases));
}

static void test_octal(void **state)
{
	static const struct value_case cases[] = {
		{"0", 0, 0},
		{"660", 0, 0660},
		{"0660", 0, 0660},
		{"1777777777777777777777", 0, UINT64_MAX},
		{"2000000000000000000000", -ERANGE, 0},
		{"8", -EINVAL, 0},
		{"668", -EINVAL, 0},
		{"0x1f", -EINVAL, 0},
		{"-7", -EINVAL, 0},
		{"", -EINVAL, 0},
		{"u=rw", -EINVAL, 0},
	};

	(void)state;
	check(parse_octal, cases, ARRAY_SIZE(cases));
}

static void test_duration(void **state)
{
	static const struct value_case cases[] = {
		{"0", 0, 0},
		{"5", 0, 5000},
		{"5s", 0, 5000},
		{"0.5", 0, 500},
		{"0.5s", 0, 500},
		{"0.05", 0, 50},
		{"1.234", 0, 1234},
		{"1.2349", 0, 1234},
		{"1.50000000000000000000000000000000000000000000000000000000000000000001", 0, 1500},
		{"500ms", 0, 500},
		{"2m", 0, 120000},
		{"0.0005m", 0, 30},
		{"0.0005h", 0, 1800},
		{"0.000000001h", -EDOM, 0},
		{"1ms", 0, 1},
		{"1.9ms", 0, 1},
		{"0.9ms", -EDOM, 0},
		{"0.0009", -EDOM, 0},
		{"0.00000000000000001", -EDOM, 0},
		{"0.000", 0, 0},
		{"0.0ms", 0, 0},
		{"0.5m", 0, 30000},
		{"1.5h", 0, 5400000},
		{"9223372036854775807ms", 0, INT64_MAX},
		{"9223372036854775808ms", -ERANGE, 0},
		{"9223372036854776", -ERANGE, 0},
		{"18446744073709551615h", -ERANGE, 0},
		{"18446744073709551616ms", -ERANGE, 0},
		{"18446744073709551616.5s", -ERANGE, 0},
		{"18446744073709551616x", -EINVAL, 0},
		{"", -EINVAL, 0},
		{".5", 0, 500},
		{"5.", -EINVAL, 0},
		{"5.s", -EINVAL, 0},
		{"1.2.3", -EINVAL, 0},
		{"1,5", -EINVAL, 0},
		{"-1", -EINVAL, 0},
		{"+1", -EINVAL, 0},
		{" 1", -EINVAL, 0},
		{"1 s", -EINVAL, 0},
		{"1S", -EINVAL, 0},
		{"1msx", -EINVAL, 0},
		{"1w", -EINVAL, 0},
		{"30d", 0, 30 * 86400000ull},
		{"0.5d", 0, 43200000},
		{"ms", -EINVAL, 0},
		{"inf", -EINVAL, 0},
		{"1e3", -EINVAL, 0},
	};

	(void)state;
	check(parse_duration, cases, ARRAY_SIZE(cases));
}

static void test_size(void **state)
{
	static const struct value_case cases[] = {
		{"0", 0, 0},
		{"512", 0, 512},
		{"64k", 0, 65536},
		{"64K", 0, 65536},
		{"1M", 0, 1 << 20},
		{"2G", 0, UINT64_C(2) << 30},
		{"17179869183G", 0, UINT64_C(17179869183) << 30},
		{"17179869184G", -ERANGE, 0},
		{"99999999999999999999T", -EINVAL, 0},
		{"18446744073709551615", 0, UINT64_MAX},
		{"18446744073709551615k", -ERANGE, 0},
		{"18446744073709551616", -ERANGE, 0},
		{"", -EINVAL, 0},
		{"k", -EINVAL, 0},
		{"1m", -EINVAL, 0},
		{"1g", -EINVAL, 0},
		{"1kB", -EINVAL, 0},
		{"1KiB", -EINVAL, 0},
		{"1.5k", -EINVAL, 0},
		{"-1k", -EINVAL, 0},
		{"1 k", -EINVAL, 0},
	};

	(void)state;
	check(parse_size, cases, ARRAY_SIZE(cases));
}

static void test_ports(void **state)
{
	static const struct {
		const char *word;
		int result;
		unsigned low, high;
	} cases[] = {
		{"0", 0, 0, 0},
		{"80", 0, 80, 80},
		{"20-25", 0, 20, 25},
		{"0-65535", 0, 0, 65535},
		{"7-7", 0, 7, 7},
		{"65536", -ERANGE, 0, 0},
		{"1-65536", -ERANGE, 0, 0},
		{"99999999999999999999", -ERANGE, 0, 0},
		{"25-20", -EINVAL, 0, 0},
		{"-20", -EINVAL, 0, 0},
		{"20-", -EINVAL, 0, 0},
		{"20-25-30", -EINVAL, 0, 0},
		{"20 -25", -EINVAL, 0, 0},
		{"20,25", -EINVAL, 0, 0},
		{"http", -EINVAL, 0, 0},
		{"", -EINVAL, 0, 0},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		uint16_t low = 1;
		uint16_t high = 2;
		int r = parse_ports(cases[i].word, &low, &high);

		if (r != cases[i].result ||
			(r == 0 && (low != cases[i].low || high != cases[i].high)))
			fail_msg("'%s': %d, %u-%u", cases[i].word, r, low, high);
		if (r < 0)
			assert_true(low == 1 && high == 2);
	}
}

static void test_int(void **state)
{
	static const struct {
		const char *word;
		int result;
		int64_t value;
	} cases[] = {
		{"0", 0, 0},
		{"-0", 0, 0},
		{"-5", 0, -5},
		{"0x1f", 0, 31},
		{"0X1F", 0, 31},
		{"-0x10", 0, -16},
		{"010", 0, 10},
		{"9223372036854775807", 0, INT64_MAX},
		{"-9223372036854775807", 0, -INT64_MAX},
		{"9223372036854775808", -ERANGE, 0},
		{"0xffffffffffffffffff", -ERANGE, 0},
		{"", -EINVAL, 0},
		{"-", -EINVAL, 0},
		{"--5", -EINVAL, 0},
		{"+5", -EINVAL, 0},
		{"0x", -EINVAL, 0},
		{"0xg", -EINVAL, 0},
		{"5x", -EINVAL, 0},
		{"- 5", -EINVAL, 0},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		int64_t v = 0;

		assert_int_equal(parse_int(cases[i].word, &v), cases[i].result);
		if (cases[i].result == 0)
			assert_int_equal(v, cases[i].value);
	}
}

static void test_bad_word(void **state)
{
	struct str err = {0};

	(void)state;
	assert_int_equal(bad_word(&err, "a\x1b", "is bad"), -EINVAL);
	assert_str_becomes(&err, "'a\\x1b' is bad");
	str_fini(&err);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_uint),
		cmocka_unit_test(test_octal),
		cmocka_unit_test(test_duration),
		cmocka_unit_test(test_size),
		cmocka_unit_test(test_int),
		cmocka_unit_test(test_bad_word),
		cmocka_unit_test(test_ports),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
