// SPDX-License-Identifier: ISC
#include "out/fit.h"
#include "out/progress.h"
#include "out/rows.h"

#include "unit.h"

static void check_fitted(
	const char *text, size_t start, size_t room, bool whole, const char *expected)
{
	struct str s = {0};

	str_add_fitted(&s, COLOUR_NONE, text, strlen(text), start, room, whole);
	assert_string_equal(str_c(&s), expected);
	str_fini(&s);
}

static void test_wrapped(void **state)
{
	(void)state;
	check_fitted("", 0, 10, false, "");
	check_fitted("ten bytes.", 0, 10, false, "ten bytes.");
	check_fitted("eleven byte", 3, 10, false, "eleven\n   byte");
	check_fitted("one two three four", 1, 9, false, "one two\n three\n four");
	check_fitted("gr\xc3\xbcn gr\xc3\xbcn", 0, 9, false, "gr\xc3\xbcn gr\xc3\xbcn"); // columns
}

static void test_cut(void **state)
{
	(void)state;
	check_fitted("abcdefghijklmnop", 0, 10, false, "abcd\xe2\x80\xa6lmnop");
	check_fitted("abcdefghijklmnop", 1, 10, true, "abcdefghij\n klmnop");
	check_fitted("gr\xc3\xbcn-gr\xc3\xbcn-gr\xc3\xbcn", 0, 8, false,
		"gr\xc3\xbc\xe2\x80\xa6gr\xc3\xbcn");
}

static void test_ports_stay(void **state)
{
	(void)state;
	check_fitted(
		"[2001:db8:1:2:3:4:5:6]:65535", 0, 20, false, "[2001:db8:1:2\xe2\x80\xa6:65535");
	check_fitted("x [2001:db8:1:2:3:4:5:6]:65535", 0, 1, false, "x\n[\xe2\x80\xa6:65535");
}

static void add(struct rows *r, const char *a, const char *b, const char *c)
{
	rows_add(r, F_STR("a", a), F_STR("b", b), F_STR("c", c));
}

static void test_rows(void **state)
{
	static const struct rows_column columns[] = {
		{NULL, "{a}"}, {NULL, "{b}"}, {NULL, "{c}"}, {0}};
	struct rows r;
	struct str out = {0};

	(void)state;
	rows_init(&r, false, columns);
	r.width = 20;
	add(&r, "tcp", "127.0.0.1:80", "one");
	add(&r, "unix", "", "two and three and four");
	rows_take(&r, &out);
	assert_string_equal(str_c(&out), "tcp   127.0.0.1:80\n    one\n"
					 "unix  -\n    two and three\n    and four\n");
	str_clear(&out);
	add(&r, "1", "2", "three and four and five");
	rows_take(&r, &out); // the last column is wrapped where it stands
	assert_string_equal(str_c(&out), "1  2\n    three and four\n    and five\n");
	str_clear(&out);
	r.width = 22;
	add(&r, "1", "2", "three and four and five");
	rows_take(&r, &out);
	assert_string_equal(str_c(&out), "1  2  three and four\n      and five\n");
	rows_fini(&r);
	str_fini(&out);
}

static void test_records(void **state)
{
	struct rows r;
	struct str out = {0};

	(void)state;
	rows_init(&r, false, NULL);
	r.width = 20;
	add(&r, "1", "0123456789abcdef0123", "");
	rows_take(&r, &out);
	assert_string_equal(str_c(&out), "a  1\nb  0123456789abcdef0\n   123\n");
	rows_fini(&r);
	str_fini(&out);
}

static void test_help(void **state)
{
	const char *text = "Usage: sockctl nothing\n\nOptions:\n"
			   "  -a, --all ALL     take all of what there is\n"
			   "                    and more\n"
			   "      --a-long-option-here ARGUMENT\n"
			   "                    take it\n";
	struct str s = {0};

	(void)state;
	str_add_narrow_help(&s, text, 80);
	assert_string_equal(str_c(&s), text);
	str_clear(&s);
	str_add_narrow_help(&s, text, 0);
	assert_string_equal(str_c(&s), text);
	str_clear(&s);
	str_add_narrow_help(&s, text, 30);
	assert_string_equal(str_c(&s), "Usage: sockctl nothing\n\nOptions:\n"
				       "  -a, --all ALL\n"
				       "          take all of what\n          there is and more\n"
				       "      --a-long-option-here\n        ARGUMENT\n"
				       "          take it\n");
	str_fini(&s);
}

static void check_progress(const char *text, size_t columns, const char *expected)
{
	struct str s = {0};

	str_add(&s, text);
	progress_fit(&s, columns);
	assert_string_equal(str_c(&s), expected);
	str_fini(&s);
}

static void test_progress(void **state)
{
	const char *text = "1 B sent, 2 B received, 3 B/s, 37%, 0:12 left";

	(void)state;
	check_progress(text, 0, text);
	check_progress(text, strlen(text), text);
	check_progress(text, strlen(text) - 1, "\xe2\x80\xa6 2 B received, 3 B/s, 37%, 0:12 left");
	check_progress(text, 24, "\xe2\x80\xa6 3 B/s, 37%, 0:12 left");
	check_progress(text, 6, "\xe2\x80\xa6 0:12");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_wrapped),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_ports_stay),
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_records),
		cmocka_unit_test(test_help),
		cmocka_unit_test(test_progress),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
