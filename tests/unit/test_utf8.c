// SPDX-License-Identifier: ISC
#include "base/utf8.h"

#include "unit.h"

#define NONE 0xffffffff

static void check(const char *bytes, size_t len, size_t want, uint32_t want_code)
{
	uint32_t code = NONE;

	assert_int_equal(utf8_decode((const unsigned char *)bytes, len, &code), want);
	assert_int_equal(code, want_code);
}

// The well-formed sequences at the ends of each row of table 3-7 of Unicode, and what lies beyond.
static void test_boundaries(void **state)
{
	static const struct {
		const char *bytes;
		size_t len;
		uint32_t code; // NONE: to be refused
	} cases[] = {
		{"\x00", 1, 0},
		{"\x7f", 1, 0x7f},
		{"\xc2\x80", 2, 0x80},
		{"\xdf\xbf", 2, 0x7ff},
		{"\xe0\xa0\x80", 3, 0x800},
		{"\xe0\xbf\xbf", 3, 0xfff},
		{"\xe1\x80\x80", 3, 0x1000},
		{"\xec\xbf\xbf", 3, 0xcfff},
		{"\xed\x80\x80", 3, 0xd000},
		{"\xed\x9f\xbf", 3, 0xd7ff},
		{"\xee\x80\x80", 3, 0xe000},
		{"\xef\xbf\xbf", 3, 0xffff},
		{"\xf0\x90\x80\x80", 4, 0x10000},
		{"\xf3\xbf\xbf\xbf", 4, 0xfffff},
		{"\xf4\x8f\xbf\xbf", 4, 0x10ffff},
		{"\x80", 1, NONE},
		{"\xbf", 1, NONE},
		{"\xc0\x80", 2, NONE},
		{"\xc1\xbf", 2, NONE},
		{"\xe0\x9f\xbf", 3, NONE},
		{"\xed\xa0\x80", 3, NONE},
		{"\xed\xbf\xbf", 3, NONE},
		{"\xf0\x8f\xbf\xbf", 4, NONE},
		{"\xf4\x90\x80\x80", 4, NONE},
		{"\xf5\x80\x80\x80", 4, NONE},
		{"\xf8\x88\x80\x80\x80", 5, NONE},
		{"\xfe", 1, NONE},
		{"\xff", 1, NONE},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		check(cases[i].bytes, cases[i].len, cases[i].code == NONE ? 0 : cases[i].len,
			cases[i].code);
}

static void test_only_the_first_character(void **state)
{
	(void)state;
	check("ab", 2, 1, 'a');
	check("\xe2\x82\xac and more", 12, 3, 0x20ac);
}

static void test_cut(void **state)
{
	(void)state;
	check("", 0, 0, NONE);
	check("\xc3", 1, 0, NONE);
	check("\xe2\x82", 2, 0, NONE);
	check("\xf0\x9f\x98", 3, 0, NONE);
	check("\xe2\x82\xac", 2, 0, NONE); // what follows the end is not looked at
}

// Every sequence of two bytes, against the definition of the form.
static void test_every_pair(void **state)
{
	(void)state;
	for (unsigned a = 0x80; a < 0x100; a++) {
		for (unsigned b = 0; b < 0x100; b++) {
			const char bytes[] = {(char)a, (char)b};
			bool good = a >= 0xc2 && a <= 0xdf && b >= 0x80 && b <= 0xbf;

			check(bytes, 2, good ? 2 : 0, good ? (a & 0x1f) << 6 | (b & 0x3f) : NONE);
		}
	}
}

static void test_unsafe(void **state)
{
	static const struct {
		uint32_t first, last;
		bool unsafe;
	} ranges[] = {
		{0x00, 0x1f, true},
		{0x20, 0x7e, false},
		{0x7f, 0x9f, true},
		{0xa0, 0xac, false},
		{0xad, 0xad, true}, // soft hyphen
		{0xae, 0x61b, false},
		{0x61c, 0x61c, true}, // Arabic letter mark
		{0x61d, 0x115e, false},
		{0x115f, 0x1160, true}, // Hangul fillers
		{0x1161, 0x17b3, false},
		{0x17b4, 0x17b5, true}, // Khmer vowels without a shape
		{0x17b6, 0x180d, false},
		{0x180e, 0x180e, true}, // Mongolian vowel separator
		{0x180f, 0x200a, false},
		{0x200b, 0x200b, true}, // zero width space
		{0x200c, 0x200d, false}, // joiners, which scripts and emoji need
		{0x200e, 0x200f, true}, // left-to-right and right-to-left mark
		{0x2010, 0x2027, false},
		{0x2028, 0x2029, true}, // line and paragraph separator
		{0x202a, 0x202e, true}, // embeddings and overrides
		{0x202f, 0x205f, false},
		{0x2060, 0x206f, true}, // word joiner, invisible operators, isolates, deprecated
		{0x2070, 0x3163, false},
		{0x3164, 0x3164, true}, // Hangul filler
		{0x3165, 0xfefe, false},
		{0xfeff, 0xfeff, true}, // byte order mark
		{0xff00, 0xff9f, false},
		{0xffa0, 0xffa0, true}, // halfwidth Hangul filler
		{0xffa1, 0xffef, false},
		{0xfff0, 0xfffb, true}, // reserved, annotations
		{0xfffc, 0x1bc9f, false},
		{0x1bca0, 0x1bca3, true}, // controls of shorthand
		{0x1bca4, 0x1d172, false},
		{0x1d173, 0x1d17a, true}, // controls of music
		{0x1d17b, 0xdffff, false},
		{0xe0000, 0xe00ff, true}, // tags, reserved
		{0xe0100, 0xe01ef, false}, // selectors of variants
		{0xe01f0, 0xe0fff, true}, // reserved
		{0xe1000, 0x10ffff, false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(ranges); i++)
		for (uint32_t c = ranges[i].first; c <= ranges[i].last; c++)
			assert_int_equal(utf8_is_unsafe(c), ranges[i].unsafe);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_boundaries),
		cmocka_unit_test(test_only_the_first_character),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_every_pair),
		cmocka_unit_test(test_unsafe),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
