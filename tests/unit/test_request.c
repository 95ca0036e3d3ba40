// SPDX-License-Identifier: ISC
#include "relay/request.h"

#include "unit.h"

#include <stdlib.h>

struct sample {
	const char *text;
	enum request_kind kind;
};

#define GET "GET / HTTP/1.1\r\nHost: h\r\n"
#define POST "POST /form HTTP/1.1\r\nHost: h\r\n"

static const struct sample samples[] = {
	// HTTP/1.0 ends by itself, unless it is asked not to.
	{"GET / HTTP/1.0\r\n\r\n", REQUEST_LAST},
	{"GET / HTTP/1.0\n\n", REQUEST_LAST},
	{"get /a?b=c HTTP/1.0\r\nHost: h\r\n\r\n", REQUEST_LAST},
	{"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", REQUEST_OPEN},
	{"GET / HTTP/1.0\r\nConnection: Keep-Alive, close\r\n\r\n", REQUEST_LAST},
	// HTTP/1.1 does where it is asked to.
	{GET "\r\n", REQUEST_OPEN},
	{"HEAD / HTTP/1.1\r\n\r\n", REQUEST_OPEN_HEAD},
	{"HEAD / HTTP/1.0\r\n\r\n", REQUEST_LAST},
	{GET "Connection: close\r\n\r\n", REQUEST_LAST},
	{GET "CONNECTION:\tTE ,\tClose \r\n\r\n", REQUEST_LAST},
	{GET "Connection: TE\r\nConnection: close\r\n\r\n", REQUEST_LAST},
	{GET "Connection: closed\r\n\r\n", REQUEST_OPEN},
	{GET "X-Connection: close\r\n\r\n", REQUEST_OPEN},
	{GET "Connection:\r\n\r\n", REQUEST_OPEN},
	{"M-SEARCH * HTTP/1.9\r\n\r\n", REQUEST_OPEN},
	// A body counts once it is there, and is not looked into.
	{POST "Content-Length: 3\r\n\r\nabc", REQUEST_OPEN},
	{POST "content-length:0\r\n\r\n", REQUEST_OPEN},
	{POST "Content-Length: 24\r\nConnection: close\r\n\r\nGET / HTTP/1.0\r\n\r\n01234\n",
		REQUEST_LAST},
	{POST "Content-Length: 3\r\n\r\nab", REQUEST_NONE},
	{POST "Content-Length: 3\r\n\r\nabcd", REQUEST_NONE},
	{POST "Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc", REQUEST_NONE},
	{POST "Content-Length: -3\r\n\r\nabc", REQUEST_NONE},
	{POST "Content-Length: 3x\r\n\r\nabc", REQUEST_NONE},
	{POST "Content-Length:\r\n\r\n", REQUEST_NONE},
	{POST "Content-Length: 18446744073709551619\r\n\r\nabc", REQUEST_NONE},
	{POST "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", REQUEST_NONE},
	// Empty lines around it are nothing.
	{"\r\n\nGET / HTTP/1.0\r\n\r\n", REQUEST_LAST},
	{"GET / HTTP/1.0\r\n\r\n\n", REQUEST_LAST},
	{POST "Content-Length: 3\r\n\r\nabc\r\n", REQUEST_OPEN},
	// Others, parts of one, more than one.
	{"", REQUEST_NONE},
	{"\r\n\r\n", REQUEST_NONE},
	{"hello\n", REQUEST_NONE},
	{"hello, world\n\n", REQUEST_NONE},
	{"GET /\r\n\r\n", REQUEST_NONE},
	{"GET / HTTP/1.0", REQUEST_NONE},
	{"GET / HTTP/1.0\r\n", REQUEST_NONE},
	{"GET / HTTP/1.0\r\nHost: h\r\n", REQUEST_NONE},
	{"GET / HTTP/1.0\r\n\r", REQUEST_NONE},
	{"GET / HTTP/1.0\r\n\r\nGET / HTTP/1.0\r\n\r\n", REQUEST_NONE},
	{GET "\r\n" GET "Connection: close\r\n\r\n", REQUEST_NONE},
	{"GET / HTTP/1.0\r\n\r\nmore", REQUEST_NONE},
	{"GET  HTTP/1.0\r\n\r\n", REQUEST_NONE},
	{" / HTTP/1.0\r\n\r\n", REQUEST_NONE},
	{"G(T / HTTP/1.0\r\n\r\n", REQUEST_NONE},
	{"GET /a b HTTP/1.0\r\n\r\n", REQUEST_NONE},
	{"GET /\x01 HTTP/1.0\r\n\r\n", REQUEST_NONE},
	{"GET / HTTP/1.00\r\n\r\n", REQUEST_NONE},
	{"GET / HTTP/1.x\r\n\r\n", REQUEST_NONE},
	{"GET / HTTP/2.0\r\n\r\n", REQUEST_NONE},
	{"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", REQUEST_NONE},
	{"OPTIONS * RTSP/1.0\r\n\r\n", REQUEST_NONE},
	{GET "no field\r\n\r\n", REQUEST_NONE},
	{GET "Name : value\r\n\r\n", REQUEST_NONE},
	{GET "A: b\r\n folded\r\n\r\n", REQUEST_NONE},
	{GET ": value\r\n\r\n", REQUEST_NONE},
};

// On the heap without an end of its own, so that a read beyond it is seen.
static enum request_kind judge(const char *text, size_t len)
{
	char *data = malloc(len ? len : 1);
	enum request_kind kind;

	memcpy(data, text, len);
	kind = request_judge(data, len);
	free(data);
	return kind;
}

static void test_samples(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(samples); i++) {
		const struct sample *s = &samples[i];

		if (judge(s->text, strlen(s->text)) != s->kind)
			fail_msg("sample %zu: %s", i, s->text);
	}
}

// What is a request is none before its last line has come.
static void test_parts(void **state)
{
	static const char text[] = POST "Connection: close\r\nContent-Length: 3\r\n\r\nabc";
	size_t whole = strlen(text);

	(void)state;
	for (size_t len = 0; len < whole; len++)
		assert_int_equal(judge(text, len), REQUEST_NONE);
	assert_int_equal(judge(text, whole), REQUEST_LAST);
}

static void test_zero_bytes(void **state)
{
	static const char in_body[] = POST "Content-Length: 3\r\n\r\na\0b";
	static const char in_line[] = "GET /\0 HTTP/1.0\r\n\r\n";

	(void)state;
	assert_int_equal(judge(in_body, sizeof(in_body) - 1), REQUEST_OPEN);
	assert_int_equal(judge(in_line, sizeof(in_line) - 1), REQUEST_NONE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_samples),
		cmocka_unit_test(test_parts),
		cmocka_unit_test(test_zero_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
