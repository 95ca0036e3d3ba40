// SPDX-License-Identifier: ISC
#include "out/hexdump.h"

#include "base/hex.h"
#include "unit.h"

#include <regex.h>

// The lines after the first, which has the time.
static const char *after_header(const struct str *s, const char *header)
{
	regex_t re;

	assert_int_equal(regcomp(&re, header, REG_EXTENDED | REG_NOSUB | REG_NEWLINE), 0);
	assert_int_equal(regexec(&re, str_c(s), 0, NULL, 0), 0);
	regfree(&re);
	return strchr(str_c(s), '\n') + 1;
}

static void test_lines(void **state)
{
	struct hexdump h;
	struct str s = {0};

	(void)state;
	hexdump_init(&h, '>', COLOUR_NONE, 0);
	hexdump_add(&h, &s, "hello\n", 6);
	assert_string_equal(after_header(&s, "^> [0-2][0-9](:[0-5][0-9]){2}\\.[0-9]{6} length 6$"),
		"> 00000000  68 65 6c 6c 6f 0a                                 |hello.|\n");
	str_clear(&s);
	hexdump_add(&h, &s, "0123456789abcdef\x00\x1b\x7f\xff", 20);
	assert_string_equal(after_header(&s, "^> .* length 20$"),
		"> 00000006  30 31 32 33 34 35 36 37  38 39 61 62 63 64 65 66  |0123456789abcdef|\n"
		"> 00000016  00 1b 7f ff                                       |....|\n");
	assert_int_equal(h.offset, 26);
	str_fini(&s);
}

static void test_narrow_terminals(void **state)
{
	struct hexdump h;
	struct str s = {0};

	(void)state;
	assert_int_equal(hex_dump_width(0), 16);
	assert_int_equal(hex_dump_width(79), 16);
	assert_int_equal(hex_dump_width(78), 8);
	assert_int_equal(hex_dump_width(47), 4);
	hexdump_init(&h, '>', COLOUR_NONE, 40);
	hexdump_add(&h, &s, "hello", 5);
	assert_string_equal(after_header(&s, "^> .* length 5$"), "> 00000000  68 65 6c 6c  |hell|\n"
								 "> 00000004  6f           |o|\n");
	str_fini(&s);
}

static void test_far_offsets(void **state)
{
	struct hexdump h = {.direction = '<', .width = 16, .offset = UINT64_C(0x123456789a)};
	struct str s = {0};

	(void)state;
	hexdump_add(&h, &s, "x", 1);
	assert_non_null(strstr(str_c(&s), "\n< 123456789a  78 "));
	str_fini(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_narrow_terminals),
		cmocka_unit_test(test_far_offsets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
