// SPDX-License-Identifier: ISC
#include "out/rows.h"

#include "unit.h"

#include <jansson.h>

static const struct rows_column columns[] = {
	{"NAME", "{name}"}, {"PORT", "{port}/{protocol}"}, {"ALIASES", "{aliases}"}, {0}};

static const char *const none[] = {NULL};
static const char *const two[] = {"www", "web", NULL};

// Takes what was added and checks it.
static void check(struct rows *r, const char *text)
{
	struct str out = {0};

	rows_take(r, &out);
	assert_string_equal(str_c(&out), text);
	assert_int_equal(r->count, 0);
	str_fini(&out);
}

static void add(struct rows *r, const char *name, unsigned port, const char *const *aliases)
{
	rows_add(r, F_STR("name", name), F_UINT("port", port), F_STR("protocol", "tcp"),
		F_LIST("aliases", aliases));
}

static void test_columns(void **state)
{
	struct rows r;

	(void)state;
	rows_init(&r, false, columns);
	check(&r, "");
	add(&r, "http", 80, two);
	add(&r, "a-longer-name", 65535, none);
	add(&r, "", 7, two);
	check(&r, "http           80/tcp     www web\n"
		  "a-longer-name  65535/tcp\n"
		  "-              7/tcp      www web\n");
	add(&r, "x", 1, none); // the widths of before are forgotten
	check(&r, "x  1/tcp\n");
	rows_fini(&r);
}

static void test_header(void **state)
{
	static const struct rows_column one[] = {{"NAME", "{name}"}, {0}};
	struct rows r;

	(void)state;
	rows_init(&r, false, columns);
	r.has_header = true;
	check(&r, "NAME  PORT  ALIASES\n");
	add(&r, "x", 1, two);
	check(&r, "NAME  PORT   ALIASES\nx     1/tcp  www web\n");
	add(&r, "a-longer-name", 1, none);
	check(&r, "NAME           PORT\na-longer-name  1/tcp\n");
	rows_fini(&r);
	rows_init(&r, false, one); // says nothing about its only column
	r.has_header = true;
	add(&r, "x", 1, two);
	check(&r, "x\n");
	rows_fini(&r);
}

static void test_empty_row(void **state)
{
	static const struct rows_column names[] = {{NULL, "{name}"}, {NULL, "{aliases}"}, {0}};
	struct rows r;

	(void)state;
	rows_init(&r, false, names);
	rows_add(&r, F_STR("name", NULL), F_LIST("aliases", none));
	assert_int_equal(r.count, 1);
	check(&r, "\n");
	rows_fini(&r);
}

static void test_unaligned(void **state)
{
	struct rows r;

	(void)state;
	rows_init(&r, false, columns);
	r.unaligned = true;
	add(&r, "http", 80, two);
	add(&r, "", 7, none);
	check(&r, "http\t80/tcp\twww web\n-\t7/tcp\n");
	rows_fini(&r);
}

// Wide characters take two columns, combining ones none, and what is escaped as many as it shows.
static void test_widths(void **state)
{
	struct rows r;

	(void)state;
	rows_init(&r, false, columns);
	add(&r, "\xe6\x97\xa5\xe6\x9c\xac", 1, two);
	add(&r, "m\xc3\xbc", 2, two);
	add(&r, "mu\xcc\x88", 3, two);
	add(&r, "\xff\x1b", 4, two);
	check(&r, "\xe6\x97\xa5\xe6\x9c\xac      1/tcp  www web\n"
		  "m\xc3\xbc        2/tcp  www web\n"
		  "mu\xcc\x88        3/tcp  www web\n"
		  "\\xff\\x1b  4/tcp  www web\n");
	rows_fini(&r);
}

static void test_records(void **state)
{
	struct rows r;

	(void)state;
	rows_init(&r, false, NULL);
	check(&r, "");
	add(&r, "http", 80, two);
	add(&r, NULL, 7, none);
	assert_int_equal(r.count, 2);
	check(&r, "name      http\nport      80\nprotocol  tcp\naliases   www web\n"
		  "\n"
		  "port      7\nprotocol  tcp\n");
	rows_fini(&r);
	rows_init(&r, true, NULL);
	add(&r, NULL, 7, none);
	check(&r, "{\"port\":7,\"protocol\":\"tcp\",\"aliases\":[]}\n");
	rows_fini(&r);
}

static void test_json(void **state)
{
	struct rows r;

	(void)state;
	rows_init(&r, true, columns);
	rows_add(&r, F_STR("name", "m\xc3\xbc"), F_LIST("aliases", two), F_INT("number", -2),
		F_STR("class", NULL), F_BOOL("in", true));
	rows_add(&r, F_STR("name", "\xff\x1b\\"), F_LIST("aliases", none));
	assert_int_equal(r.count, 2);
	check(&r,
		"{\"name\":\"m\\u00FC\",\"aliases\":[\"www\",\"web\"],\"number\":-2,\"in\":true}\n"
		"{\"name\":\"\\\\xff\\\\x1b\\\\\\\\\",\"aliases\":[]}\n");
	rows_fini(&r);
}

// More rows than are kept at first, and no bytes that a terminal would obey.
static void test_many(void **state)
{
	struct rows r;
	struct str want = {0};
	const char *const hostile[] = {"\x1b[2J", "\n", NULL};

	(void)state;
	rows_init(&r, false, columns);
	for (unsigned i = 0; i < 1000; i++) {
		add(&r, "name", 10000 + i, hostile);
		str_addf(&want, "name  %u/tcp  \\x1b[2J \\n\n", 10000 + i);
	}
	check(&r, str_c(&want));
	str_fini(&want);
	rows_fini(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_columns),
		cmocka_unit_test(test_header),
		cmocka_unit_test(test_empty_row),
		cmocka_unit_test(test_unaligned),
		cmocka_unit_test(test_widths),
		cmocka_unit_test(test_records),
		cmocka_unit_test(test_json),
		cmocka_unit_test(test_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
