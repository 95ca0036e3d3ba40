// SPDX-License-Identifier: ISC
#include "net/echo/echo_payload.h"

#include "unit.h"

#include <stdlib.h>

static void write_all(
	const struct echo_payload *p, unsigned connection, uint64_t number, char *data)
{
	echo_payload_write(p, connection, number, 0, data, p->size);
}

// Any part of a request is the same as when it is made as a whole.
static void test_parts(void **state)
{
	static const size_t sizes[] = {1, 2, 7, 8, 9, 64, 1000};
	char whole[1000];
	char part[1000];

	(void)state;
	for (size_t s = 0; s < ARRAY_SIZE(sizes); s++) {
		struct echo_payload p;

		echo_payload_init(&p, sizes[s]);
		for (uint64_t number = 0; number < 300; number += 13) {
			write_all(&p, 3, number, whole);
			assert_true(echo_payload_matches(&p, 3, number, 0, whole, p.size));
			for (size_t from = 0; from < p.size; from += 1 + from / 8)
				for (size_t len = 0; from + len <= p.size; len += 1 + len / 4) {
					echo_payload_write(&p, 3, number, from, part, len);
					assert_memory_equal(part, whole + from, len);
					assert_true(echo_payload_matches(
						&p, 3, number, from, part, len));
				}
		}
		echo_payload_fini(&p);
	}
}

// Each wrong byte is found, and so are the requests of others.
static void test_differences(void **state)
{
	struct echo_payload p;
	char data[100];

	(void)state;
	echo_payload_init(&p, sizeof(data));
	write_all(&p, 1, 77, data);
	for (size_t i = 0; i < sizeof(data); i++) {
		data[i] ^= 1;
		assert_false(echo_payload_matches(&p, 1, 77, 0, data, sizeof(data)));
		data[i] ^= 1;
	}
	assert_false(echo_payload_matches(&p, 1, 78, 0, data, sizeof(data)));
	assert_false(echo_payload_matches(&p, 2, 77, 0, data, sizeof(data)));
	// Not only by their headers.
	assert_false(echo_payload_matches(&p, 1, 78, 8, data + 8, sizeof(data) - 8));
	assert_true(echo_payload_matches(&p, 1, 77, 8, data + 8, sizeof(data) - 8));
	echo_payload_fini(&p);
}

static void test_numbers(void **state)
{
	(void)state;
	for (size_t size = 0; size <= 64; size++) {
		uint64_t window = size == 0 ? 1 : size >= 6 ? UINT64_C(1) << 48 : 1ull << 8 * size;
		struct echo_payload p;
		char data[64];

		echo_payload_init(&p, size);
		for (uint64_t first = 0; first < 1000000; first = first * 3 + 1)
			for (uint64_t ahead = 0; ahead < window && ahead < 1000000;
				ahead = ahead * 5 + 1) {
				write_all(&p, 9, first + ahead, data);
				assert_int_equal(
					echo_payload_number(&p, data, first), first + ahead);
			}
		// What is older seems to be far ahead.
		write_all(&p, 9, 41, data);
		if (size)
			assert_int_equal(echo_payload_number(&p, data, 42), 41 + window);
		echo_payload_fini(&p);
	}
}

static void test_text(void **state)
{
	struct echo_payload p;
	char data[5];

	(void)state;
	echo_payload_init_text(&p, "hello");
	assert_int_equal(p.size, 5);
	write_all(&p, 1, 2, data);
	assert_memory_equal(data, "hello", 5);
	assert_true(echo_payload_matches(&p, 7, 8, 1, "ello", 4));
	assert_false(echo_payload_matches(&p, 1, 2, 0, "Hello", 5));
	assert_int_equal(echo_payload_number(&p, data, 3), 3);
	echo_payload_fini(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parts),
		cmocka_unit_test(test_differences),
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
