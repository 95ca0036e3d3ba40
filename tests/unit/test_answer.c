// SPDX-License-Identifier: ISC
#include "relay/answer.h"

#include "unit.h"

#include <stdlib.h>

struct sample {
	const char *text;
	enum answer_state state; // after all of it
	bool has_no_body;
};

#define OK "HTTP/1.1 200 OK\r\n"
#define CHUNKED OK "Transfer-Encoding: chunked\r\n\r\n"

static const struct sample samples[] = {
	{"", ANSWER_HEAD, false},
	{"HTTP/1.1 200 OK", ANSWER_HEAD, false},
	{OK "A: b\r\n", ANSWER_HEAD, false},
	// A length.
	{OK "Content-Length: 0\r\n\r\n", ANSWER_WHOLE, false},
	{OK "Content-Length: 3\r\n\r\n", ANSWER_BODY, false},
	{OK "Content-Length: 3\r\n\r\nab", ANSWER_BODY, false},
	{OK "Content-Length: 3\r\n\r\nabc", ANSWER_WHOLE, false},
	{OK "Content-Length: 3\r\n\r\nabcd", ANSWER_WHOLE, false},
	{"HTTP/1.0 200\nContent-Length: 3\n\nabc", ANSWER_WHOLE, false},
	// None, whatever it says.
	{OK "Content-Length: 3\r\n\r\n", ANSWER_WHOLE, true},
	{CHUNKED, ANSWER_WHOLE, true},
	{"HTTP/1.1 204 No\r\n\r\n", ANSWER_WHOLE, false},
	{"HTTP/1.1 304 Not\r\nContent-Length: 3\r\n\r\n", ANSWER_WHOLE, false},
	// Chunks.
	{CHUNKED, ANSWER_SIZE, false},
	{CHUNKED "3", ANSWER_SIZE, false},
	{CHUNKED "3\r\nab", ANSWER_CHUNK, false},
	{CHUNKED "3\r\nabc", ANSWER_CHUNK_END, false},
	{CHUNKED "3\r\nabc\r\n", ANSWER_SIZE, false},
	{CHUNKED "a;x=y\r\n0123456789\r\n0\r\n", ANSWER_TRAILER, false},
	{CHUNKED "1A\r\nabcdefghijklmnopqrstuvwxyz\r\n0\r\n\r\n", ANSWER_WHOLE, false},
	{CHUNKED "0\r\nTrailer: x\r\n", ANSWER_TRAILER, false},
	{CHUNKED "0\r\nTrailer: x\r\n\r\n", ANSWER_WHOLE, false},
	{CHUNKED "\r\n", ANSWER_UNKNOWN, false},
	{CHUNKED "x\r\n", ANSWER_UNKNOWN, false},
	{CHUNKED "3x\r\n", ANSWER_UNKNOWN, false},
	{CHUNKED "3\r\nabcd\r\n", ANSWER_UNKNOWN, false},
	{CHUNKED "1234567890123456\r\n", ANSWER_UNKNOWN, false},
	{OK "Transfer-Encoding: gzip, chunked\r\n\r\n", ANSWER_UNKNOWN, false},
	// What comes before it.
	{"HTTP/1.1 100 Continue\r\n\r\n", ANSWER_HEAD, false},
	{"HTTP/1.1 103 Hints\r\nLink: x\r\n\r\n" OK "Content-Length: 1\r\n\r\na", ANSWER_WHOLE,
		false},
	{"HTTP/1.1 101 Switching\r\nUpgrade: x\r\n\r\n", ANSWER_UNKNOWN, false},
	// Its end is that of the connection, or it is none.
	{OK "\r\n", ANSWER_UNKNOWN, false},
	{OK "Content-Length: x\r\n\r\n", ANSWER_UNKNOWN, false},
	{OK "no field\r\n\r\n", ANSWER_UNKNOWN, false},
	{"HTTP/1.1 20 OK\r\n\r\n", ANSWER_UNKNOWN, false},
	{"HTTP/1.1 000 OK\r\n\r\n", ANSWER_UNKNOWN, false},
	{"220 mail.example.org\r\n\r\n", ANSWER_UNKNOWN, false},
	{"\r\n\r\n", ANSWER_UNKNOWN, false},
	{"HTT", ANSWER_HEAD, false},
	{"HTTX", ANSWER_UNKNOWN, false},
	{"half of ", ANSWER_UNKNOWN, false},
};

// In pieces of STEP bytes, each in memory of its own, so that a read beyond it is seen.
static enum answer_state read_in(const struct sample *s, size_t step)
{
	struct answer *a = answer_create(s->has_no_body);
	size_t len = strlen(s->text);
	enum answer_state state;

	for (size_t i = 0; i < len; i += step) {
		size_t n = MIN(step, len - i);
		char *piece = malloc(n);

		memcpy(piece, s->text + i, n);
		answer_add(a, piece, n);
		free(piece);
	}
	state = a->state;
	answer_destroy(a);
	return state;
}

static void test_samples(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(samples); i++)
		for (size_t step = 1; step < 64; step++)
			if (read_in(&samples[i], step) != samples[i].state)
				fail_msg("sample %zu in pieces of %zu: %s", i, step,
					samples[i].text);
}

static void test_head_without_end(void **state)
{
	struct answer *a = answer_create(false);

	(void)state;
	answer_add(a, OK "A: ", strlen(OK "A: "));
	for (int i = 0; i < (16 << 10) && answer_is_partial(a); i++)
		answer_add(a, "x", 1);
	assert_int_equal(a->state, ANSWER_UNKNOWN);
	answer_destroy(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_samples),
		cmocka_unit_test(test_head_without_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
