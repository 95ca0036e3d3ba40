// SPDX-License-Identifier: ISC
#include "net/addr/ports.h"

#include "unit.h"

#include <errno.h>

static void check(const char *list, size_t count, const char *shown)
{
	struct ports p;
	struct str err = {0};
	struct str s = {0};

	assert_int_equal(ports_parse(&p, list, &err), 0);
	assert_string_equal(str_c(&err), "");
	assert_int_equal(p.count, count);
	str_add_ports(&s, &p, SIZE_MAX);
	assert_str_becomes(&s, shown);
	str_fini(&s);
	ports_fini(&p);
}

static void test_lists(void **state)
{
	(void)state;
	check("22", 1, "22");
	check("22,80", 2, "22,80");
	check("22,80,8000-8100", 103, "22,80,8000-8100");
	check("1-65535", 65535, "1-65535");
	check("65535", 1, "65535");
	check("00080", 1, "80");
}

static void test_order_and_repetition_do_not_count(void **state)
{
	(void)state;
	check("80,22", 2, "22,80");
	check("80,80,80-80", 1, "80");
	check("3,1,2", 3, "1-3");
	check("5-9,1-6,10", 10, "1-10");
	check("1,3,5-6,8,64,63,65,128", 9, "1,3,5-6,8,63-65,128");
}

static void test_services_are_kept_as_names(void **state)
{
	struct ports p;
	struct str err = {0};

	(void)state;
	assert_int_equal(ports_parse(&p, "http,22,ftp-data,z39.50", &err), 0);
	assert_int_equal(p.count, 1);
	assert_int_equal(p.services.count, 3);
	assert_string_equal(p.services.items[0], "http");
	assert_string_equal(p.services.items[1], "ftp-data");
	assert_string_equal(p.services.items[2], "z39.50");
	ports_fini(&p);
}

static void test_bad_lists(void **state)
{
	// What is refused, and the word that the message names.
	static const char *const bad[][2] = {
		{"", "''"},
		{",", "''"},
		{"80,", "''"},
		{"80,,81", "''"},
		{"0", "'0'"},
		{"80,0", "'0'"},
		{"0-5", "'0-5'"},
		{"65536", "'65536'"},
		{"1-65536", "'1-65536'"},
		{"99999999999999999999999", "'99999999999999999999999'"},
		{"22,90-80", "'90-80'"},
		{"80-", "'80-'"},
		{"-80", "'-80'"},
		{"1-2-3", "'1-2-3'"},
		{"80x", "'80x'"},
		{"+80", "'+80'"},
		{" 80", "' 80'"},
		{"80 ", "'80 '"},
		{"http,80;81", "'80;81'"},
		{"a/b", "'a/b'"},
		{"a\x1b[m", "'a\\x1b[m'"},
		{"a-name-of-a-service-that-is-longer-than-any",
			"'a-name-of-a-service-that-is-longer-than-any'"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct ports p;
		struct str err = {0};

		assert_int_equal(ports_parse(&p, bad[i][0], &err), -EINVAL);
		assert_non_null(strstr(str_c(&err), bad[i][1]));
		ports_fini(&p);
		str_fini(&err);
	}
}

static void test_long_lists_are_cut(void **state)
{
	struct ports p;
	struct str err = {0};
	struct str s = {0};

	(void)state;
	assert_int_equal(ports_parse(&p, "1,3-4,6", &err), 0);
	str_add_ports(&s, &p, 3);
	assert_str_becomes(&s, "1,3-4,6");
	str_add_ports(&s, &p, 2);
	assert_str_becomes(&s, "1,3-4,...");
	str_add_ports(&s, &p, 1);
	assert_str_becomes(&s, "1,...");
	str_fini(&s);
	ports_fini(&p);
}

static void test_set(void **state)
{
	struct ports p = {0};

	(void)state;
	for (unsigned port = 0; port <= UINT16_MAX; port += 5)
		ports_add(&p, (uint16_t)port, (uint16_t)port);
	assert_int_equal(p.count, 13108);
	for (unsigned port = 0; port <= UINT16_MAX; port++)
		assert_int_equal(ports_has(&p, port), port % 5 == 0);
	ports_add(&p, 10, 10);
	assert_int_equal(p.count, 13108);
	ports_fini(&p);
}

static void test_next(void **state)
{
	static const unsigned members[] = {0, 1, 63, 64, 127, 1000, 40000, UINT16_MAX};
	struct ports p = {0};
	unsigned port = 0;

	(void)state;
	assert_int_equal(ports_next(&p, 0), PORTS_END);
	for (size_t i = 0; i < ARRAY_SIZE(members); i++)
		ports_add(&p, (uint16_t)members[i], (uint16_t)members[i]);
	for (size_t i = 0; i < ARRAY_SIZE(members); i++, port++) {
		port = ports_next(&p, port);
		assert_int_equal(port, members[i]);
		assert_int_equal(ports_next(&p, port), port);
	}
	assert_int_equal(ports_next(&p, port), PORTS_END);
	ports_fini(&p);
}

// In any order, what meets becomes one range; against a set of flags.
static void test_ranges(void **state)
{
	static bool flags[PORTS_END];
	struct ports p = {0};
	uint32_t random = 1;

	(void)state;
	for (int i = 0; i < 3000; i++) {
		size_t count = 0;
		unsigned low;
		unsigned high;

		random = random * 1103515245 + 12345;
		low = random >> 16;
		high = MIN(low + (random >> 8) % 32, UINT16_MAX);
		ports_add(&p, (uint16_t)low, (uint16_t)high);
		memset(flags + low, true, high - low + 1);
		for (unsigned port = 0; i % 500 == 0 && port < PORTS_END; port++) {
			assert_int_equal(ports_has(&p, port), flags[port]);
			count += flags[port];
		}
		if (i % 500 == 0)
			assert_int_equal(p.count, count);
	}
	for (size_t i = 1; i < p.range_count; i++)
		assert_true(p.ranges[i - 1].high + 1 < p.ranges[i].low);
	ports_add(&p, 0, UINT16_MAX);
	assert_int_equal(p.range_count, 1);
	assert_int_equal(p.count, PORTS_END);
	ports_fini(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lists),
		cmocka_unit_test(test_order_and_repetition_do_not_count),
		cmocka_unit_test(test_services_are_kept_as_names),
		cmocka_unit_test(test_bad_lists),
		cmocka_unit_test(test_long_lists_are_cut),
		cmocka_unit_test(test_set),
		cmocka_unit_test(test_next),
		cmocka_unit_test(test_ranges),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
