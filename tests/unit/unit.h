// SPDX-License-Identifier: ISC
// What every unit test includes: cmocka with the headers it wants before it, and checks on the
// types of the program.
#ifndef SOCKCTL_TESTS_UNIT_UNIT_H
#define SOCKCTL_TESTS_UNIT_UNIT_H

#include "base/str.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

// Checks that S holds TEXT, and empties it for the next check.
#define assert_str_becomes(s, text) \
	do { \
		assert_string_equal(str_c(s), text); \
		assert_int_equal((s)->len, strlen(str_c(s))); \
		str_clear(s); \
	} while (0)

// Reads FD to its end into S.
static inline void read_all(int fd, struct str *s)
{
	char buf[4096];
	ssize_t n;

	while ((n = read(fd, buf, sizeof(buf))) > 0)
		str_addn(s, buf, (size_t)n);
	assert_int_equal(n, 0);
}

// A generator of the same numbers in each run (xorshift64, Marsaglia 2003), so that a failure can
// be seen again.
static inline uint64_t next_random(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

#endif
