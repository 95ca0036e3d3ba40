// SPDX-License-Identifier: ISC
#include "sys/names.h"

#include "unit.h"

#include <fcntl.h>
#include <netdb.h>
#include <strings.h>
#include <sys/socket.h>

static const struct {
	const char *prefix;
	const struct name_value *table;
	bool flags; // members are or-ed
} tables[] = {
	{"AF_", names_family, false},
	{"SOCK_", names_type, false},
	{"SOCK_", names_type_flag, true},
	{"IPPROTO_", names_protocol, false},
	{"MSG_", names_msg, true},
	{"SHUT_", names_shut, false},
	{"AI_", names_ai, true},
	{"NI_", names_ni, true},
	{"EAI_", names_eai, false},
	{"O_", names_open, false},
	{"SPLICE_F_", names_splice, true},
	{"F_", names_fcntl, false},
};

static void test_both_ways(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(tables); i++) {
		const char *prefix = tables[i].prefix;

		for (const struct name_value *n = tables[i].table; *n->name; n++) {
			long value = -1;

			assert_non_null(memchr(n->name, '\0', sizeof(n->name)));
			assert_int_equal(strncmp(n->name, prefix, strlen(prefix)), 0);
			assert_string_equal(name_of(tables[i].table, n->value), n->name);
			assert_true(name_find(tables[i].table, n->name, &value));
			assert_int_equal(value, n->value);
		}
	}
}

static void test_flags_do_not_overlap(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(tables); i++) {
		long seen = 0;

		for (const struct name_value *n = tables[i].table; tables[i].flags && *n->name;
			n++) {
			assert_int_not_equal(n->value, 0);
			assert_int_equal(seen & n->value, 0);
			seen |= n->value;
		}
	}
}

static void check_value(const struct name_value *table, const char *name, long want)
{
	long value;

	assert_true(name_find(table, name, &value));
	assert_int_equal(value, want);
}

// Those that the table spells as numbers, because headers may leave them out.
static void test_values(void **state)
{
	(void)state;
	check_value(names_eai, "EAI_NODATA", EAI_NODATA);
	check_value(names_eai, "EAI_ADDRFAMILY", EAI_ADDRFAMILY);
	check_value(names_splice, "SPLICE_F_MOVE", SPLICE_F_MOVE);
	check_value(names_splice, "SPLICE_F_NONBLOCK", SPLICE_F_NONBLOCK);
	check_value(names_splice, "SPLICE_F_MORE", SPLICE_F_MORE);
	check_value(names_fcntl, "F_SETPIPE_SZ", F_SETPIPE_SZ);
	check_value(names_fcntl, "F_GETPIPE_SZ", F_GETPIPE_SZ);
	check_value(names_family, "af_inet6", AF_INET6); // case does not count
}

static void test_unknown(void **state)
{
	long value = 77;

	(void)state;
	assert_null(name_of(names_family, 12345));
	assert_false(name_find(names_family, "AF_INE", &value));
	assert_false(name_find(names_family, "AF_INET66", &value));
	assert_false(name_find(names_family, "", &value));
	assert_int_equal(value, 77);
}

static void test_add_name(void **state)
{
	struct str s = {0};

	(void)state;
	str_add_name(&s, names_shut, SHUT_WR);
	assert_str_becomes(&s, "SHUT_WR");
	str_add_name(&s, names_shut, 99);
	assert_str_becomes(&s, "99");
	str_add_name(&s, names_shut, -1);
	assert_str_becomes(&s, "-1");
	str_fini(&s);
}

static void test_add_flags(void **state)
{
	struct str s = {0};

	(void)state;
	str_add_flags(&s, names_msg, 0);
	assert_str_becomes(&s, "0");
	str_add_flags(&s, names_msg, MSG_PEEK);
	assert_str_becomes(&s, "MSG_PEEK");
	str_add_flags(&s, names_msg, MSG_NOSIGNAL | MSG_DONTWAIT);
	assert_str_becomes(&s, "MSG_DONTWAIT|MSG_NOSIGNAL");
	str_add_flags(&s, names_splice, SPLICE_F_MOVE | 0x40);
	assert_str_becomes(&s, "SPLICE_F_MOVE|0x40");
	str_add_flags(&s, names_splice, 0x40);
	assert_str_becomes(&s, "0x40");
	str_fini(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_both_ways),
		cmocka_unit_test(test_flags_do_not_overlap),
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_unknown),
		cmocka_unit_test(test_add_name),
		cmocka_unit_test(test_add_flags),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
