// SPDX-License-Identifier: ISC
#include "relay/filter.h"

#include "unit.h"

// Feeds DATA in three pieces that end at FIRST and SECOND. An empty piece must change nothing.
static void run_split(struct filter *f, const char *data, size_t len, size_t first, size_t second,
	struct str *out)
{
	const unsigned char *p = (const unsigned char *)data;

	f->run(f, p, first, out);
	f->run(f, p + first, second - first, out);
	f->run(f, p + second, len - second, out);
}

#define for_each_split(first, second, len) \
	for (size_t first = 0; first <= (len); first++) \
		for (size_t second = first; second <= (len); second++)

static void assert_bytes(const struct str *s, const char *want, size_t len)
{
	assert_int_equal(s->len, len);
	if (len)
		assert_memory_equal(s->data, want, len);
}

// A case is text with its length, because it may hold NUL.
#define BYTES(literal) literal, sizeof(literal) - 1

static void test_crlf(void **state)
{
	static const struct {
		const char *in;
		size_t in_len;
		const char *out;
		size_t out_len;
	} cases[] = {
		{BYTES(""), BYTES("")},
		{BYTES("plain"), BYTES("plain")},
		{BYTES("\n"), BYTES("\r\n")},
		{BYTES("\r\n"), BYTES("\r\n")},
		{BYTES("\r"), BYTES("\r")},
		{BYTES("a\nb\n"), BYTES("a\r\nb\r\n")},
		{BYTES("a\r\nb\r\n"), BYTES("a\r\nb\r\n")},
		{BYTES("a\r\nb\nc"), BYTES("a\r\nb\r\nc")},
		{BYTES("\n\n"), BYTES("\r\n\r\n")},
		{BYTES("\r\n\n"), BYTES("\r\n\r\n")},
		{BYTES("\r\r\n"), BYTES("\r\r\n")},
		{BYTES("\n\r"), BYTES("\r\n\r")},
		{BYTES("\r\rx\n"), BYTES("\r\rx\r\n")},
		{BYTES("\0\n\0"), BYTES("\0\r\n\0")},
		{BYTES("\xff\n\xfe"), BYTES("\xff\r\n\xfe")},
	};
	struct str out = {0};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		for_each_split(first, second, cases[i].in_len)
		{
			struct crlf_filter c;

			crlf_filter_init(&c);
			run_split(&c.filter, cases[i].in, cases[i].in_len, first, second, &out);
			assert_bytes(&out, cases[i].out, cases[i].out_len);
			str_clear(&out);
		}
	}
	str_fini(&out);
}

// What was converted once stays as it is.
static void test_crlf_is_idempotent(void **state)
{
	static const char alphabet[] = "\r\n\nab";
	uint64_t seed = 4242;
	struct str once = {0};
	struct str twice = {0};

	(void)state;
	for (int round = 0; round < 10000; round++) {
		unsigned char data[12];
		size_t len = next_random(&seed) % sizeof(data);
		struct crlf_filter c;

		for (size_t i = 0; i < len; i++)
			data[i] = (unsigned char)
				alphabet[next_random(&seed) % (sizeof(alphabet) - 1)];
		crlf_filter_init(&c);
		c.filter.run(&c.filter, data, len, &once);
		crlf_filter_init(&c);
		c.filter.run(&c.filter, (const unsigned char *)str_c(&once), once.len, &twice);
		assert_string_equal(str_c(&twice), str_c(&once));
		str_clear(&once);
		str_clear(&twice);
	}
	str_fini(&once);
	str_fini(&twice);
}

#define IAC "\xff"
#define DONT "\xfe"
#define DO "\xfd"
#define WONT "\xfc"
#define WILL "\xfb"
#define SB "\xfa"
#define NOP "\xf1"
#define SE "\xf0"

// RFC 854 and RFC 855.
static void test_telnet(void **state)
{
	static const struct {
		const char *in;
		size_t in_len;
		const char *out;
		size_t out_len;
		const char *replies;
		size_t replies_len;
	} cases[] = {
		{BYTES("login: "), BYTES("login: "), BYTES("")},
		{BYTES("a" IAC IAC "b"), BYTES("a" IAC "b"), BYTES("")},
		{BYTES("a" IAC NOP "b"), BYTES("ab"), BYTES("")},
		{BYTES("a" IAC DO "\x01"
		       "b"),
			BYTES("ab"), BYTES(IAC WONT "\x01")},
		{BYTES("a" IAC WILL "\x03"
		       "b"),
			BYTES("ab"), BYTES(IAC DONT "\x03")},
		{BYTES(IAC DONT "\x01" IAC WONT "\x03"), BYTES(""), BYTES("")}, // never answered
		{BYTES(IAC DO "\xff"
			      "x"),
			BYTES("x"), BYTES(IAC WONT "\xff")}, // EXOPL, RFC 861
		{BYTES(IAC DO "\x18" IAC DO "\x1f" IAC WILL "\x01"), BYTES(""),
			BYTES(IAC WONT "\x18" IAC WONT "\x1f" IAC DONT "\x01")},
		{BYTES("a" IAC SB "\x18\x01" IAC SE "b"), BYTES("ab"), BYTES("")},
		{BYTES("a" IAC SB "\x18" IAC IAC "\xf0" IAC SE "b"), BYTES("ab"), BYTES("")},
		{BYTES(IAC SB IAC DO "\x01" IAC SE "b"), BYTES("b"), BYTES("")},
		{BYTES("\0\r\n" IAC IAC IAC IAC), BYTES("\0\r\n" IAC IAC), BYTES("")},
		{BYTES("cut" IAC), BYTES("cut"), BYTES("")},
		{BYTES("cut" IAC WILL), BYTES("cut"), BYTES("")},
		{BYTES("cut" IAC SB "\x18"), BYTES("cut"), BYTES("")},
	};
	struct str out = {0};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		for_each_split(first, second, cases[i].in_len)
		{
			struct telnet_filter t;

			telnet_filter_init(&t);
			run_split(&t.filter, cases[i].in, cases[i].in_len, first, second, &out);
			assert_bytes(&out, cases[i].out, cases[i].out_len);
			assert_bytes(&t.replies, cases[i].replies, cases[i].replies_len);
			str_clear(&out);
			telnet_filter_fini(&t);
		}
	}
	str_fini(&out);
}

static void test_telnet_escape(void **state)
{
	static const char in[] = "a" IAC "\n" IAC IAC "\r\n" IAC;
	static const char plain[] = "a" IAC IAC "\n" IAC IAC IAC IAC "\r\n" IAC IAC;
	static const char crlf[] = "a" IAC IAC "\r\n" IAC IAC IAC IAC "\r\n" IAC IAC;
	const size_t len = sizeof(in) - 1;
	struct str out = {0};

	(void)state;
	for_each_split(first, second, len)
	{
		struct telnet_escape_filter t;

		telnet_escape_filter_init(&t, false);
		run_split(&t.filter, in, len, first, second, &out);
		assert_bytes(&out, plain, sizeof(plain) - 1);
		str_clear(&out);

		telnet_escape_filter_init(&t, true);
		run_split(&t.filter, in, len, first, second, &out);
		assert_bytes(&out, crlf, sizeof(crlf) - 1);
		str_clear(&out);
	}
	str_fini(&out);
}

// What one side escapes the other reads as it was.
static void test_telnet_round_trip(void **state)
{
	uint64_t seed = 99;
	struct str wire = {0};
	struct str back = {0};

	(void)state;
	for (int round = 0; round < 5000; round++) {
		unsigned char data[16];
		size_t len = next_random(&seed) % sizeof(data);
		struct telnet_escape_filter escape;
		struct telnet_filter t;

		for (size_t i = 0; i < len; i++)
			data[i] = next_random(&seed) % 3 ? 0xff : (unsigned char)next_random(&seed);
		telnet_escape_filter_init(&escape, false);
		escape.filter.run(&escape.filter, data, len, &wire);
		telnet_filter_init(&t);
		t.filter.run(&t.filter, (const unsigned char *)str_c(&wire), wire.len, &back);
		assert_bytes(&back, (const char *)data, len);
		assert_int_equal(t.replies.len, 0);
		telnet_filter_fini(&t);
		str_clear(&wire);
		str_clear(&back);
	}
	str_fini(&wire);
	str_fini(&back);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_crlf),
		cmocka_unit_test(test_crlf_is_idempotent),
		cmocka_unit_test(test_telnet),
		cmocka_unit_test(test_telnet_escape),
		cmocka_unit_test(test_telnet_round_trip),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
