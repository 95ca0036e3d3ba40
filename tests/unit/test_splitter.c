// SPDX-License-Identifier: ISC
#include "net/dgram/splitter.h"
#include "out/datagram_text.h"

#include "unit.h"

#include <errno.h>

#define LIMIT 64 // of a datagram

// What a splitter made of its input.
struct result {
	struct str shown; // "<DATAGRAM><DATAGRAM>", escaped
	int error;
};

static void take_all(struct splitter *s, struct result *r)
{
	struct iovec slice;
	int n;

	while ((n = splitter_next(s, &slice)) > 0) {
		str_addc(&r->shown, '<');
		str_add_escaped(&r->shown, slice.iov_base, slice.iov_len);
		str_addc(&r->shown, '>');
	}
	r->error = n;
}

static void feed(struct splitter *s, struct result *r, const char *data, size_t len)
{
	while (len && !r->error) {
		size_t room;
		void *to = splitter_room(s, &room);
		size_t n = MIN(len, room);

		assert_true(room > 0);
		memcpy(to, data, n);
		splitter_add(s, n);
		take_all(s, r);
		data += n;
		len -= n;
	}
}

static void finish(struct splitter *s, struct result *r)
{
	size_t room;

	if (r->error)
		return;
	splitter_room(s, &room);
	splitter_add(s, 0);
	take_all(s, r);
}

// Feeds the input in three pieces that end at FIRST and SECOND.
static void run(
	struct splitter *s, struct result *r, const struct iovec *in, size_t first, size_t second)
{
	const char *data = in->iov_base;

	splitter_restart(s);
	str_clear(&r->shown);
	r->error = 0;
	feed(s, r, data, first);
	feed(s, r, data + first, second - first);
	feed(s, r, data + second, in->iov_len - second);
	finish(s, r);
}

#define TEXT(literal) \
	{ \
		(char *)(literal), sizeof(literal) - 1 \
	}

struct split_case {
	struct iovec in;
	const char *out;
	const char *error; // NULL: none
};

static void check_cases(
	enum framing framing, size_t block, const struct split_case *cases, size_t n)
{
	struct splitter s;
	struct result r = {0};

	splitter_init(&s, framing, block, LIMIT);
	for (size_t i = 0; i < n; i++) {
		const struct split_case *c = &cases[i];

		for (size_t first = 0; first <= c->in.iov_len; first++) {
			for (size_t second = first; second <= c->in.iov_len; second++) {
				run(&s, &r, &c->in, first, second);
				assert_string_equal(str_c(&r.shown), c->out);
				assert_int_equal(r.error < 0, c->error != NULL);
				if (c->error)
					assert_string_equal(str_c(&s.error), c->error);
			}
		}
	}
	str_fini(&r.shown);
	splitter_fini(&s);
}

#define CHECK(framing, block, cases) check_cases(framing, block, cases, ARRAY_SIZE(cases))

#define X16 "xxxxxxxxxxxxxxxx"
#define X64 X16 X16 X16 X16

static void test_lines(void **state)
{
	static const struct split_case cases[] = {
		{TEXT(""), "", NULL},
		{TEXT("a"), "<a>", NULL},
		{TEXT("a\n"), "<a>", NULL},
		{TEXT("\n"), "<>", NULL},
		{TEXT("\n\n"), "<><>", NULL},
		{TEXT("a\n\nb"), "<a><><b>", NULL},
		{TEXT("a\r\nb\n"), "<a\\r><b>", NULL},
		{TEXT("\0\xff\n\0"), "<\\x00\\xff><\\x00>", NULL},
		{TEXT(X64 "\n"), "<" X64 ">", NULL},
		{TEXT(X64), "<" X64 ">", NULL},
		{TEXT("a\n" X64 "y\nb"), "<a>",
			"line 2: 65 bytes do not fit a datagram: at most 64"},
		{TEXT(X64 "yz"), "", "line 1: 66 bytes do not fit a datagram: at most 64"},
	};

	(void)state;
	CHECK(FRAMING_LINE, 0, cases);
}

static void test_blocks(void **state)
{
	static const struct split_case cases[] = {
		{TEXT(""), "", NULL},
		{TEXT("a"), "<a>", NULL},
		{TEXT("abc"), "<abc>", NULL},
		{TEXT("abcd"), "<abc><d>", NULL},
		{TEXT("a\nb\n\n\n"), "<a\\nb><\\n\\n\\n>", NULL},
	};

	(void)state;
	CHECK(FRAMING_BLOCK, 3, cases);
}

static void test_whole(void **state)
{
	static const struct split_case cases[] = {
		{TEXT(""), "", NULL},
		{TEXT("a\nb\n"), "<a\\nb\\n>", NULL},
		{TEXT(X64), "<" X64 ">", NULL},
		{TEXT(X64 "y"), "", "65 bytes do not fit a datagram: at most 64"},
	};

	(void)state;
	CHECK(FRAMING_WHOLE, 0, cases);
}

#define ZEROS16 " 00 00 00 00 00 00 00 00  00 00 00 00 00 00 00 00  |................|\n"
#define NUL16 "\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00"

static void test_hex(void **state)
{
	static const struct split_case cases[] = {
		{TEXT("# comment\n\n \n"), "", NULL},
		{TEXT("6869"), "<hi>", NULL},
		{TEXT("68 69\n 6A\t6b \r\n"), "<hi><jk>", NULL},
		{TEXT("00000000: 68 69  |hi|\n00000002:\n"), "<hi>", NULL},
		{TEXT("00000000:\n0:\n"), "<><>", NULL},
		{TEXT("0: 68\n1: 69\n"), "<hi>", NULL},
		{TEXT("0: 68\n1: 69"), "<hi>", NULL},
		{TEXT("0: 68\n0: 69\n"), "<h><i>", NULL},
		{TEXT("0: 68\n# next\n69\n"), "<h><i>", NULL},
		{TEXT("0: 68\n69\n6a\n"), "<h><i><j>", NULL},
		{TEXT("0:" ZEROS16 "10: 61\n11:\n62\n"), "<" NUL16 "a><b>", NULL},
		{TEXT("61\n6\n"), "<a>", "line 2: not pairs of hexadecimal digits"},
		{TEXT("6 8"), "", "line 1: not pairs of hexadecimal digits"},
		{TEXT("hello"), "", "line 1: not pairs of hexadecimal digits"},
		{TEXT("0: 68\n2: 69\n"), "", "line 2: offset 2 where 1 was expected"},
		{TEXT("4: 68\n"), "", "line 1: offset 4 where 0 was expected"},
		{TEXT("0: 6g\n"), "", "line 1: not pairs of hexadecimal digits"},
		{TEXT("0:" ZEROS16 "10:" ZEROS16 "20:" ZEROS16 "30:" ZEROS16 "40: 00\n"), "",
			"line 5: 65 bytes do not fit a datagram: at most 64"},
	};

	(void)state;
	CHECK(FRAMING_HEX, 0, cases);
}

static void test_json(void **state)
{
	static const struct split_case cases[] = {
		{TEXT("\n \n"), "", NULL},
		{TEXT("{\"data\":\"hi\"}"), "<hi>", NULL},
		{TEXT("{\"data\":\"\"}\n{\"hex\":\"\"}\n"), "<><>", NULL},
		{TEXT("{\"data\":\"\\u0000\\n\\u00e4\"}\n"), "<\\x00\\n\xc3\xa4>", NULL},
		{TEXT("{\"length\":2,\"hex\":\"fF00\",\"other\":[1]}\n"), "<\\xff\\x00>", NULL},
		{TEXT("{\"data\":\"a\"}\n{\n"), "<a>",
			"line 2: no JSON: string or '}' expected near end of file"},
		{TEXT("[]\n"), "", "line 1: not a JSON object"},
		{TEXT("{}\n"), "", "line 1: expected one of \"data\" and \"hex\""},
		{TEXT("{\"data\":\"\",\"hex\":\"\"}\n"), "",
			"line 1: expected one of \"data\" and \"hex\""},
		{TEXT("{\"data\":7}\n"), "", "line 1: \"data\" is no string"},
		{TEXT("{\"hex\":null}\n"), "", "line 1: \"hex\" is no string"},
		{TEXT("{\"hex\":\"abc\"}\n"), "",
			"line 1: \"hex\" is not pairs of hexadecimal digits"},
		{TEXT("{\"data\":\"abc\",\"length\":9}\n"), "",
			"line 1: \"length\" is not that of the data, which is 3"},
		{TEXT("{\"data\":\"abc\",\"length\":\"3\"}\n"), "",
			"line 1: \"length\" is not that of the data, which is 3"},
		{TEXT("{\"data\":\"" X64 "y\"}\n"), "",
			"line 1: 65 bytes do not fit a datagram: at most 64"},
	};

	(void)state;
	CHECK(FRAMING_JSON, 0, cases);
}

// A line without an end is counted, not kept.
static void test_endless_line(void **state)
{
	static const enum framing framings[] = {
		FRAMING_LINE, FRAMING_WHOLE, FRAMING_HEX, FRAMING_JSON};
	static char zeros[1 << 20];
	struct result r = {0};

	(void)state;
	memset(zeros, '0', sizeof(zeros));
	for (size_t i = 0; i < ARRAY_SIZE(framings); i++) {
		struct splitter s;
		int reads = 0;

		splitter_init(&s, framings[i], 0, LIMIT);
		r.error = 0;
		for (; !r.error && reads < 100; reads++)
			feed(&s, &r, zeros, sizeof(zeros));
		assert_true(r.error < 0);
		assert_in_range(reads, 16, 18);
		assert_non_null(strstr(str_c(&s.error),
			s.framing == FRAMING_HEX || s.framing == FRAMING_JSON
				? "too long for any datagram"
				: "more than 16777216 bytes do not fit a datagram: at most 64"));
		splitter_fini(&s);
	}
	str_fini(&r.shown);
}

// Bytes of every value, in datagrams of all lengths up to the limit.
static size_t make_datagrams(
	struct datagram *list, size_t count, unsigned char *bytes, uint64_t seed)
{
	size_t total = 0;

	for (size_t i = 0; i < count; i++) {
		size_t len = next_random(&seed) % (LIMIT + 1);

		list[i] = (struct datagram){
			.data = bytes + total, .len = len, .real_len = len, .hops = -1};
		for (size_t k = 0; k < len; k++)
			bytes[total++] = (unsigned char)(next_random(&seed) >> (i % 2 ? 8 : 58));
	}
	return total;
}

// What is written is read again as the same datagrams, wherever the text was cut.
static void test_round_trip(void **state)
{
	static const enum framing framings[] = {FRAMING_HEX, FRAMING_JSON};
	static unsigned char bytes[40 * LIMIT];
	struct datagram list[40];

	(void)state;
	make_datagrams(list, ARRAY_SIZE(list), bytes, 88172645463325252u);
	for (size_t i = 0; i < ARRAY_SIZE(framings); i++) {
		struct datagram_writer w;
		struct splitter s;
		struct result r = {0};
		struct str want = {0};

		datagram_writer_init(&w, framings[i], 0);
		splitter_init(&s, framings[i], 0, LIMIT);
		for (size_t k = 0; k < ARRAY_SIZE(list); k++) {
			datagram_writer_add(&w, &list[k]);
			str_addc(&want, '<');
			str_add_escaped(&want, list[k].data, list[k].len);
			str_addc(&want, '>');
		}
		for (size_t cut = 0; cut <= w.text.len; cut += 7) {
			run(&s, &r, &(struct iovec){w.text.data, w.text.len}, cut / 2, cut);
			assert_int_equal(r.error, 0);
			assert_string_equal(str_c(&r.shown), str_c(&want));
		}
		datagram_writer_fini(&w);
		splitter_fini(&s);
		str_fini(&r.shown);
		str_fini(&want);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_blocks),
		cmocka_unit_test(test_whole),
		cmocka_unit_test(test_hex),
		cmocka_unit_test(test_json),
		cmocka_unit_test(test_endless_line),
		cmocka_unit_test(test_round_trip),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
