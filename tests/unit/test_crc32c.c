// SPDX-License-Identifier: ISC
#include "base/crc32c.h"

#include "unit.h"

static void test_known(void **state)
{
	unsigned char block[32] = {0};

	(void)state;
	assert_int_equal(crc32c("", 0), 0);
	assert_int_equal(crc32c("123456789", 9), 0xe3069283);
	// RFC 3720 appendix B.4, its bytes as a number.
	assert_int_equal(crc32c(block, sizeof(block)), 0x8a9136aa);
	memset(block, 0xff, sizeof(block));
	assert_int_equal(crc32c(block, sizeof(block)), 0x62a8ab43);
	for (unsigned char i = 0; i < sizeof(block); i++)
		block[i] = i;
	assert_int_equal(crc32c(block, sizeof(block)), 0x46dd794e);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_known),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
