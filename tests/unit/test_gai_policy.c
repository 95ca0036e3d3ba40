// SPDX-License-Identifier: ISC
#include "net/names/gai_policy.h"

#include "unit.h"

#include <stdio.h>
#include <stdlib.h>

static int value(const struct gai_policy_list *l, const char *address)
{
	struct ip ip;

	assert_true(ip_parse(address, &ip));
	ip = ip_mapped(&ip);
	return gai_policy_value(l, &ip);
}

// What RFC 3484 had and the C library keeps.
static void test_defaults(void **state)
{
	struct gai_policy p;

	(void)state;
	gai_policy_init(&p, "/nonexistent");
	assert_int_equal(value(&p.labels, "::1"), 0);
	assert_int_equal(value(&p.labels, "2620:fe::fe"), 1);
	assert_int_equal(value(&p.labels, "2002::1"), 2);
	assert_int_equal(value(&p.labels, "::5"), 3);
	assert_int_equal(value(&p.labels, "192.0.2.1"), 4);
	assert_int_equal(value(&p.labels, "fd00::1"), 6);
	assert_int_equal(value(&p.precedences, "::1"), 50);
	assert_int_equal(value(&p.precedences, "2620:fe::fe"), 40);
	assert_int_equal(value(&p.precedences, "fd00::1"), 40);
	assert_int_equal(value(&p.precedences, "192.0.2.1"), 10);
	assert_int_equal(value(&p.scopes, "127.0.0.1"), 2);
	assert_int_equal(value(&p.scopes, "169.254.1.1"), 2);
	assert_int_equal(value(&p.scopes, "10.0.0.1"), 14);
	gai_policy_fini(&p);
}

static void read_text(struct gai_policy *p, const char *text)
{
	char path[] = "/tmp/sockctl-policy-XXXXXX";
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
	gai_policy_init(p, path);
	unlink(path);
}

static void test_file(void **state)
{
	struct gai_policy p;

	(void)state;
	read_text(&p, "# IPv4 first\n"
		      "precedence ::ffff:0:0/96  100 # more than all\n"
		      "precedence\n"
		      "precedence nonsense 5\n"
		      "precedence ::/200 5\n"
		      "precedence ::/0 -5\n"
		      "reload yes\n"
		      "scopev4 ::ffff:10.0.0.0/104 5\n"
		      "scopev4 192.168.0.0/16\t2");
	assert_int_equal(value(&p.precedences, "192.0.2.1"), 100);
	assert_int_equal(value(&p.precedences, "::1"), 40); // no entry any more
	assert_int_equal(value(&p.labels, "192.0.2.1"), 4); // as ever
	assert_int_equal(value(&p.scopes, "10.1.2.3"), 5);
	assert_int_equal(value(&p.scopes, "192.168.1.1"), 2);
	assert_int_equal(value(&p.scopes, "127.0.0.1"), 14);
	gai_policy_fini(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
