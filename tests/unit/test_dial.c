// SPDX-License-Identifier: ISC
#include "net/dial.h"

#include "base/mem.h"
#include "net/names/interleave.h"
#include "unit.h"

#include <errno.h>

// A list of addresses of the families in KINDS, '4' and '6', with 1, 2, 3 ... as their ports.
static struct address_list list_of(const char *kinds)
{
	struct address_list l = {xcalloc(strlen(kinds), sizeof(*l.items)), strlen(kinds)};

	for (size_t i = 0; i < l.count; i++) {
		struct sockaddr_any *a = &l.items[i];

		a->sa.sa_family = kinds[i] == '4' ? AF_INET : AF_INET6;
		a->len = kinds[i] == '4' ? sizeof(a->in) : sizeof(a->in6);
		sockaddr_set_port(a, (uint16_t)(i + 1));
	}
	return l;
}

static void check(const char *kinds, const char *order)
{
	struct address_list l = list_of(kinds);
	struct str found = {0};

	interleave_families(&l);
	for (size_t i = 0; i < l.count; i++)
		str_addf(&found, "%u", sockaddr_port(&l.items[i]));
	assert_str_becomes(&found, order);
	str_fini(&found);
	address_list_fini(&l);
}

static void test_families_in_turn(void **state)
{
	(void)state;
	check("6464", "1234");
	check("6644", "1324");
	check("4466", "1324");
	check("666444", "142536");
}

static void test_first_family_begins(void **state)
{
	(void)state;
	check("46666", "12345");
	check("64444", "12345");
	check("44446", "15234");
	check("66664", "15234");
}

static void test_one_family(void **state)
{
	(void)state;
	check("", "");
	check("4", "1");
	check("6", "1");
	check("444", "123");
	check("666", "123");
}

static void test_what_is_left_keeps_its_order(void **state)
{
	(void)state;
	check("6446444", "1243567");
	check("4666646", "1263457");
}

static void test_what_is_hopeless(void **state)
{
	static const struct dial_options any;
	static const struct dial_options numeric = {.numeric = true};
	struct dial_attempt attempt = {.step = STEP_CONNECT, .error = -EACCES};
	struct dial_outcome refused = {
		.failure = DIAL_REFUSED, .attempts = &attempt, .attempt_count = 1};
	struct dial_outcome unknown = {.failure = DIAL_NOT_FOUND, .code = EAI_NONAME};
	struct dial_outcome service = {.failure = DIAL_NOT_FOUND, .code = EAI_SERVICE};
	struct dial_outcome slow = {.failure = DIAL_TIMEOUT, .error = -ETIMEDOUT};

	(void)state;
	assert_false(dial_is_hopeless(&any, &refused));
	attempt.step = STEP_BIND;
	assert_true(dial_is_hopeless(&any, &refused));
	attempt.error = -EADDRINUSE;
	assert_false(dial_is_hopeless(&any, &refused));
	assert_false(dial_is_hopeless(&any, &unknown));
	assert_true(dial_is_hopeless(&numeric, &unknown));
	assert_true(dial_is_hopeless(&any, &service));
	assert_false(dial_is_hopeless(&any, &slow));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_families_in_turn),
		cmocka_unit_test(test_first_family_begins),
		cmocka_unit_test(test_one_family),
		cmocka_unit_test(test_what_is_left_keeps_its_order),
		cmocka_unit_test(test_what_is_hopeless),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
