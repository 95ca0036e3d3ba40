// SPDX-License-Identifier: ISC
#include "proxy/bypass.h"

#include "unit.h"

// Hosts, and whether they are reached without a proxy.
static const struct {
	const char *list, *host;
	uint16_t port;
	bool want;
} cases[] = {
	{"", "example.org", 80, false},
	{"*", "example.org", 80, true},
	{"*", "192.0.2.1", 80, true},
	{" , ", "example.org", 80, false},
	{"example.org", "example.org", 80, true},
	{"EXAMPLE.org", "example.ORG", 80, true},
	{"example.org", "www.example.org", 80, true},
	{".example.org", "example.org", 80, true},
	{".example.org", "www.example.org", 80, true},
	{"*.example.org", "www.example.org", 80, true},
	{"example.org", "badexample.org", 80, false},
	{"example.org", "example.org.evil", 80, false},
	{"example.org", "org", 80, false},
	{"example.org.", "example.org", 80, true},
	{"example.org", "www.example.org.", 80, true},
	{".", "example.org", 80, false},
	{"x,example.org", "example.org", 80, true},
	{"x example.org\ty", "example.org", 80, true},
	{"x,\n example.org ,", "example.org", 80, true},
	{"example.org:80", "example.org", 80, true},
	{"example.org:80", "www.example.org", 80, true},
	{"example.org:81", "example.org", 80, false},
	{"*:80", "example.org", 80, true},
	{"*:81", "example.org", 80, false},
	{"example.org:", "example.org", 80, false},
	{"example.org:http", "example.org", 80, false},
	{":80", "example.org", 80, false},
	{"127.0.0.1", "127.0.0.1", 80, true},
	{"127.0.0.1:80", "127.0.0.1", 80, true},
	{"127.0.0.1:81", "127.0.0.1", 80, false},
	{"127.0.0.1", "127.0.0.10", 80, false},
	{"0.0.1", "127.0.0.1", 80, false},
	{"1", "127.0.0.1", 80, false},
	{"127.0.0.0/8", "127.1.2.3", 80, true},
	{"127.0.0.0/8", "128.0.0.1", 80, false},
	{"127.0.0.0/8:80", "127.1.2.3", 80, true},
	{"127.0.0.0/8:81", "127.1.2.3", 80, false},
	{"127.0.0.0/33", "127.1.2.3", 80, false},
	{"192.0.2.0/24", "::ffff:192.0.2.1", 80, true},
	{"0.0.0.0/0", "example.org", 80, false},
	{"0.0.0.0/0", "::1", 80, false},
	{"::1", "::1", 80, true},
	{"[::1]", "::1", 80, true},
	{"[::1]:80", "::1", 80, true},
	{"[::1]:81", "::1", 80, false},
	{"::1", "0:0::0:1", 80, true},
	{"2001:db8::/32", "2001:db8:1::1", 80, true},
	{"[2001:db8::/32]:80", "2001:db8:1::1", 80, true},
	{"[2001:db8::]/32:80", "2001:db8:1::1", 80, true},
	{"[2001:db8::]/32:81", "2001:db8:1::1", 80, false},
	{"2001:db8::/32", "2001:db9::1", 80, false},
	{"fe80::/10", "fe80::1%lo", 80, true},
	{"[::1", "::1", 80, false},
	{"localhost", "127.0.0.1", 80, false}, // nothing is looked up
	{"127.0.0.1", "localhost", 80, false},
};

// Whether each host is reached without a proxy, for port 80 unless another one is said.
static void test_matrix(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		if (bypass_has(cases[i].list, cases[i].host, cases[i].port) != cases[i].want)
			fail_msg("'%s' for %s port %u: not %d", cases[i].list, cases[i].host,
				cases[i].port, cases[i].want);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_matrix),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
