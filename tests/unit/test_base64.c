// SPDX-License-Identifier: ISC
#include "base/base64.h"

#include "unit.h"

static void check(const char *data, size_t len, const char *want)
{
	struct str s = {0};

	str_add_base64(&s, data, len);
	assert_str_becomes(&s, want);
	str_fini(&s);
}

// RFC 4648 section 10, and the two characters that are no letters.
static void test_vectors(void **state)
{
	(void)state;
	check("", 0, "");
	check("f", 1, "Zg==");
	check("fo", 2, "Zm8=");
	check("foo", 3, "Zm9v");
	check("foob", 4, "Zm9vYg==");
	check("fooba", 5, "Zm9vYmE=");
	check("foobar", 6, "Zm9vYmFy");
	check("\xfb\xef\xff\0\xff", 5, "++//AP8=");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_vectors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
