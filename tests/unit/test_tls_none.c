// SPDX-License-Identifier: ISC
// A build without TLS says so, and needs nothing of it.
#include "unit.h"

#include "tls/tls.h"

#include <errno.h>

static void test_context_is_refused(void **state)
{
	struct tls_settings settings = {0};
	struct tls_context *context = NULL;
	struct str notes = {0};
	struct str err = {0};

	(void)state;
	assert_int_equal(tls_context_create(&context, &settings, &notes, &err), -EOPNOTSUPP);
	assert_null(context);
	assert_string_equal(str_c(&err), "tls: none in this build");
	assert_int_equal(notes.len, 0);
	str_fini(&err);
}

static void test_build(void **state)
{
	struct tls_build build = {0};

	(void)state;
	assert_false(tls_build(&build));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_context_is_refused),
		cmocka_unit_test(test_build),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
