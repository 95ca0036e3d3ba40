// SPDX-License-Identifier: ISC
#include "net/names/error_table.h"

#include "unit.h"

#include <errno.h>
#include <netdb.h>

// What a search found: "NAME NUMBER WINSOCK NUMBER;" for each.
static void on_found(void *arg, const struct error_entry *e)
{
	str_addf(arg, "%s %d %s %d;", e->name, e->number, e->winsock ? e->winsock : "-",
		e->winsock_number);
}

static void check(const char *word, const char *want)
{
	struct str found = {0};

	assert_int_equal(errors_find(word, on_found, &found), *want != '\0');
	assert_str_becomes(&found, want);
	str_fini(&found);
}

static void test_find(void **state)
{
	(void)state;
	check("ECONNREFUSED", "ECONNREFUSED 111 WSAECONNREFUSED 10061;");
	check("econnrefused", "ECONNREFUSED 111 WSAECONNREFUSED 10061;");
	check("WSAECONNREFUSED", "ECONNREFUSED 111 WSAECONNREFUSED 10061;");
	check("111", "ECONNREFUSED 111 WSAECONNREFUSED 10061;");
	check("10061", "ECONNREFUSED 111 WSAECONNREFUSED 10061;");
	check("Connection refused", "ECONNREFUSED 111 WSAECONNREFUSED 10061;");
	check("ewouldblock", "EAGAIN 11 WSAEWOULDBLOCK 10035;");
	check("ENOTSUP", "EOPNOTSUPP 95 WSAEOPNOTSUPP 10045;");
	check("EDEADLOCK", "EDEADLK 35 - 0;");
	check("EAI_AGAIN", "EAI_AGAIN -3 WSATRY_AGAIN 11002;");
	check("-3", "EAI_AGAIN -3 WSATRY_AGAIN 11002;");
	check("TRY_AGAIN", "TRY_AGAIN 2 WSATRY_AGAIN 11002;");
	check("11001", "EAI_NONAME -2 WSAHOST_NOT_FOUND 11001;"
		       "HOST_NOT_FOUND 1 WSAHOST_NOT_FOUND 11001;");
	check("10091", "WSASYSNOTREADY 10091 WSASYSNOTREADY 10091;");
	check("wsaverNOTSUPPORTED", "WSAVERNOTSUPPORTED 10092 WSAVERNOTSUPPORTED 10092;");
	check("10093", "WSANOTINITIALISED 10093 WSANOTINITIALISED 10093;");
	check("closesocket", "closesocket 0 - 0;");
}

static void test_not_found(void **state)
{
	static const char *const words[] = {"0", "-0", "4095", "99999", "4294967297", "ENOSUCH",
		"WSAE", "", "18446744073709551617", "-99"};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		check(words[i], "");
}

// Counts what is listed, and notes errno numbers seen.
struct listed {
	unsigned kinds[5];
	bool seen[134];
};

static void on_listed(void *arg, const struct error_entry *e)
{
	struct listed *l = arg;

	l->kinds[e->kind]++;
	assert_true(e->text && *e->text);
	if (e->kind != ERROR_ERRNO)
		return;
	l->seen[e->number] = true;
	assert_string_equal(e->name, strerrorname_np(e->number));
	if (e->winsock) {
		assert_memory_equal(e->winsock, "WSAE", 4);
		assert_in_range(e->winsock_number, 10000, 10071);
	}
}

static void test_list(void **state)
{
	struct listed l = {0};

	(void)state;
	errors_list(on_listed, &l);
	for (int i = 1; i < (int)ARRAY_SIZE(l.seen); i++)
		assert_int_equal(l.seen[i], strerrorname_np(i) != NULL);
	assert_true(l.kinds[ERROR_ERRNO] > 130);
	assert_int_equal(l.kinds[ERROR_EAI], 18);
	assert_int_equal(l.kinds[ERROR_HERR], 5);
	assert_int_equal(l.kinds[ERROR_WINSOCK], 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_find),
		cmocka_unit_test(test_not_found),
		cmocka_unit_test(test_list),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
