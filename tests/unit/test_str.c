// SPDX-License-Identifier: ISC
#include "base/str.h"

#include "base/utf8.h"
#include "unit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

static void test_empty(void **state)
{
	struct str s = {0};

	(void)state;
	assert_string_equal(str_c(&s), "");
	str_addn(&s, "ignored", 0);
	str_add(&s, "");
	assert_int_equal(s.len, 0);
	str_fini(&s);
	str_fini(&s);
	assert_null(s.data);
}

static void test_adding(void **state)
{
	struct str s = {0};

	(void)state;
	str_add(&s, "one");
	str_add_repeated(&s, ' ', 0);
	str_add_repeated(&s, ' ', 1);
	str_addn(&s, "twofold", 3);
	str_addf(&s, " %d %s", 3, "four");
	assert_str_becomes(&s, "one two 3 four");
	str_addf(&s, "%s", "");
	assert_str_becomes(&s, "");
	str_addn(&s, "a\0b", 3);
	assert_int_equal(s.len, 3);
	assert_memory_equal(s.data, "a\0b", 4);
	str_fini(&s);
}

static void test_clear_keeps_memory(void **state)
{
	struct str s = {0};

	(void)state;
	str_clear(&s);
	str_add(&s, "text");

	const char *before = s.data;

	str_clear(&s);
	assert_ptr_equal(s.data, before);
	assert_string_equal(str_c(&s), "");
	str_fini(&s);
}

static void test_growth(void **state)
{
	struct str s = {0};
	const size_t size = 1 << 20;

	(void)state;
	for (size_t i = 0; i < size; i++)
		str_addc(&s, (char)('a' + i % 26));
	assert_int_equal(s.len, size);
	assert_int_equal(strlen(str_c(&s)), size);
	for (size_t i = 0; i < size; i++)
		assert_int_equal(s.data[i], 'a' + i % 26);
	str_fini(&s);
}

static void test_long_format(void **state)
{
	struct str s = {0};

	(void)state;
	str_addf(&s, "%*d", 5000, 7);
	assert_int_equal(s.len, 5000);
	assert_int_equal(s.data[4999], '7');
	str_fini(&s);
}

static void test_errors(void **state)
{
	struct str s = {0};

	(void)state;
	str_add_error(&s, -ECONNREFUSED);
	assert_str_becomes(&s, "Connection refused (ECONNREFUSED)");
	str_add_error(&s, -512); // the kernel's own, which has no name
	assert_str_becomes(&s, "Unknown error 512");
	str_fini(&s);
}

static void test_pad(void **state)
{
	struct str s = {0};

	(void)state;
	str_add(&s, "ab");
	str_pad(&s, 5);
	assert_string_equal(str_c(&s), "ab   ");
	str_pad(&s, 3);
	assert_str_becomes(&s, "ab   ");
	str_fini(&s);
}

static void test_wrap(void **state)
{
	struct str s = {0};

	(void)state;
	str_add(&s, "before\n  key ");
	str_add_wrapped(&s, 4, "");
	assert_str_becomes(&s, "before\n  key \n");
	str_add(&s, "before\n");
	str_add_repeated(&s, '-', 71);
	str_add_wrapped(&s, 2, "word  word word"); // 80 columns
	assert_int_equal(s.len, strlen("before\n") + 80 + strlen("\n  word\n"));
	assert_string_equal(str_c(&s) + s.len - 17, "word word\n  word\n");
	str_clear(&s);
	str_add_repeated(&s, '-', 79);
	str_add_wrapped(&s, 0, "long"); // stays with what stands before it
	assert_int_equal(s.len, 84);
	str_clear(&s);
	str_add_repeated(&s, ' ', 60);
	str_add_wrapped(&s, 60, "12345678901234567890cut");
	assert_int_equal(s.len, 80 + strlen("\n") + 60 + strlen("cut\n"));
	assert_string_equal(str_c(&s) + s.len - 5, " cut\n");
	str_fini(&s);
}

static void test_escape_each_byte(void **state)
{
	struct str s = {0};

	(void)state;
	for (int c = 0; c < 256; c++) {
		unsigned char byte = (unsigned char)c;
		char want[8];

		if (c == '\n')
			snprintf(want, sizeof(want), "\\n");
		else if (c == '\r')
			snprintf(want, sizeof(want), "\\r");
		else if (c == '\t')
			snprintf(want, sizeof(want), "\\t");
		else if (c == '\\')
			snprintf(want, sizeof(want), "\\\\");
		else if (c >= 0x20 && c < 0x7f)
			snprintf(want, sizeof(want), "%c", c);
		else
			snprintf(want, sizeof(want), "\\x%02x", c);
		str_add_escaped(&s, &byte, 1);
		assert_str_becomes(&s, want);
	}
	str_fini(&s);
}

static size_t utf8_encode(uint32_t code, char out[4])
{
	if (code < 0x80) {
		out[0] = (char)code;
		return 1;
	}

	size_t n = code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;

	for (size_t i = n; i-- > 1; code >>= 6)
		out[i] = (char)(0x80 | (code & 0x3f));
	out[0] = (char)((0xf00 >> n) | code);
	return n;
}

// Of all characters beyond ASCII those pass that steer nothing, and the others become hex.
static void test_escape_each_character(void **state)
{
	struct str s = {0};

	(void)state;
	for (uint32_t code = 0x80; code <= 0x10ffff; code++) {
		char utf8[4];
		size_t n = utf8_encode(code, utf8);
		bool surrogate = code >= 0xd800 && code <= 0xdfff;

		str_add_escaped(&s, utf8, n);
		if (surrogate || utf8_is_unsafe(code)) {
			assert_int_equal(s.len, 4 * n);
			for (size_t i = 0; i < s.len; i++)
				assert_in_range(s.data[i], 0x20, 0x7e);
		} else {
			assert_int_equal(s.len, n);
			assert_memory_equal(s.data, utf8, n);
		}
		str_clear(&s);
	}
	str_fini(&s);
}

static void test_escape_examples(void **state)
{
	static const struct {
		const char *in, *out;
	} cases[] = {
		{"plain text", "plain text"},
		{"Gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x98\x80",
			"Gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x98\x80"},
		{"\x1b[31mred\x1b]0;title\x07", "\\x1b[31mred\\x1b]0;title\\x07"},
		{"\xc2\x9b"
		 "31m", // CSI as one character
			"\\xc2\\x9b31m"},
		{"abc\xe2\x80\xae"
		 "cba", // right-to-left override
			"abc\\xe2\\x80\\xae"
			"cba"},
		{"\xe2\x81\xa6\xe2\x81\xa9", "\\xe2\\x81\\xa6\\xe2\\x81\\xa9"}, // isolates
		{"\xc0\xaf", "\\xc0\\xaf"}, // an overlong slash
		{"\xed\xa0\x80", "\\xed\\xa0\\x80"}, // a surrogate
		{"\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80"}, // beyond U+10FFFF
		{"cut \xe2\x82", "cut \\xe2\\x82"},
		{"cut \xf0\x9f\x98", "cut \\xf0\\x9f\\x98"},
		{"\xe2\x28\xa1", "\\xe2(\\xa1"},
		{"C:\\temp\\new", "C:\\\\temp\\\\new"},
		{"\\x41", "\\\\x41"},
	};
	struct str s = {0};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		str_add_escaped(&s, cases[i].in, strlen(cases[i].in));
		assert_str_becomes(&s, cases[i].out);
	}
	str_fini(&s);
}

static void test_counts(void **state)
{
	struct str s = {0};

	(void)state;
	str_add_count(&s, 1, "bytes");
	assert_str_becomes(&s, "1 byte");
	str_add_count(&s, 0, "bytes");
	assert_str_becomes(&s, "0 bytes");
	str_add_count(&s, 1, "tries");
	assert_str_becomes(&s, "1 try");
	str_add_count(&s, 1, "sheep");
	assert_str_becomes(&s, "1 sheep");
	assert_int_equal(
		str_add_singular(&s, " connections are open"), strlen(" connections are "));
	assert_str_becomes(&s, " connection is ");
	assert_int_equal(str_add_singular(&s, " has ended"), 0);
	assert_str_becomes(&s, "");
	str_fini(&s);
}

static void test_words(void **state)
{
	static const struct {
		const char *in, *out;
	} cases[] = {
		{"", ""},
		{"a\n", "a\\n"},
		{"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
			"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"},
		{"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdefg",
			"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef… (65 "
			"bytes)"},
		{"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdeüü",
			"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdeü… (67 "
			"bytes)"},
	};
	char name[400];
	struct str s = {0};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		str_add_word(&s, cases[i].in, strlen(cases[i].in));
		assert_str_becomes(&s, cases[i].out);
	}
	memset(name, 'x', sizeof(name));
	name[300] = '\0'; // a host of 253 characters and a service
	str_add_object(&s, name);
	assert_str_becomes(&s, name);
	name[300] = 'x';
	name[399] = '\0';
	str_add_object(&s, name);
	assert_int_equal(s.len, 64 + strlen("… (399 bytes)"));
	str_clear(&s);
	name[0] = '/';
	str_add_object(&s, name);
	assert_str_becomes(&s, name);
	str_fini(&s);
}

static void unescape(struct str *out, const char *p)
{
	while (*p) {
		if (*p != '\\') {
			str_addc(out, *p++);
			continue;
		}
		p++;
		if (*p == 'x') {
			char hex[] = {p[1], p[2], '\0'};

			str_addc(out, (char)strtoul(hex, NULL, 16));
			p += 3;
		} else {
			str_addc(out, *p == 'n' ? '\n' : *p == 'r' ? '\r' : *p == 't' ? '\t' : *p);
			p++;
		}
	}
}

// Whatever the bytes, what comes out is UTF-8 that is safe, nothing of them is lost, and escaping
// safe text without backslashes changes nothing.
static void test_escape_properties(void **state)
{
	struct str safe = {0};
	struct str back = {0};
	struct str again = {0};
	uint64_t seed = 88172645463325252;

	(void)state;
	for (int round = 0; round < 20000; round++) {
		unsigned char bytes[24];
		size_t len = next_random(&seed) % sizeof(bytes);

		for (size_t i = 0; i < len; i++)
			bytes[i] = (unsigned char)next_random(&seed);
		str_add_escaped(&safe, bytes, len);
		for (size_t at = 0, n; at < safe.len; at += n) {
			uint32_t code;

			n = utf8_decode((unsigned char *)safe.data + at, safe.len - at, &code);
			assert_int_not_equal(n, 0);
			assert_false(utf8_is_unsafe(code));
		}
		unescape(&back, str_c(&safe));
		assert_int_equal(back.len, len);
		if (len)
			assert_memory_equal(back.data, bytes, len);

		if (!strchr(str_c(&safe), '\\')) {
			str_add_escaped(&again, safe.data, safe.len);
			assert_string_equal(str_c(&again), str_c(&safe));
		}
		str_clear(&safe);
		str_clear(&back);
		str_clear(&again);
	}
	str_fini(&safe);
	str_fini(&back);
	str_fini(&again);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_empty),
		cmocka_unit_test(test_adding),
		cmocka_unit_test(test_clear_keeps_memory),
		cmocka_unit_test(test_growth),
		cmocka_unit_test(test_long_format),
		cmocka_unit_test(test_errors),
		cmocka_unit_test(test_pad),
		cmocka_unit_test(test_wrap),
		cmocka_unit_test(test_escape_each_byte),
		cmocka_unit_test(test_escape_each_character),
		cmocka_unit_test(test_escape_examples),
		cmocka_unit_test(test_escape_properties),
		cmocka_unit_test(test_counts),
		cmocka_unit_test(test_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
