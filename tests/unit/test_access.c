// SPDX-License-Identifier: ISC
#include "net/access.h"

#include "net/addr/endpoint.h"
#include "unit.h"

#include <errno.h>
#include <stdlib.h>

static struct sockaddr_any peer(const char *host)
{
	struct sockaddr_any a;

	if (!numeric_address(host, 4711, &a))
		fail_msg("'%s' is no address", host);
	return a;
}

// Words after "-" are denied, the others allowed.
static struct access rules(const char *const *words)
{
	struct access a = {0};
	struct str err = {0};
	bool deny = false;

	for (; *words; words++) {
		if (strcmp(*words, "-") == 0)
			deny = true;
		else if ((deny ? access_deny : access_allow)(&a, *words, &err) < 0)
			fail_msg("%s", str_c(&err));
	}
	return a;
}
#define RULES(...) rules((const char *const[]){__VA_ARGS__, NULL})

static void check(struct access a, const char *allowed, const char *refused)
{
	struct sockaddr_any in = allowed ? peer(allowed) : (struct sockaddr_any){0};
	struct sockaddr_any out = refused ? peer(refused) : (struct sockaddr_any){0};

	if (allowed && access_refusal(&a, &in))
		fail_msg("%s is refused: %s", allowed, access_refusal(&a, &in));
	if (refused && !access_refusal(&a, &out))
		fail_msg("%s is allowed", refused);
	access_fini(&a);
}

static void test_everybody(void **state)
{
	(void)state;
	check((struct access){0}, "192.0.2.1", NULL);
	check((struct access){0}, "2001:db8::1", NULL);
}

static void test_interfaces(void **state)
{
	struct access a = {0};
	struct str err = {0};

	(void)state;
	check(RULES("fe80::1%lo"), "fe80::1%lo", "fe80::1%4711");
	check(RULES("fe80::1%lo"), NULL, "fe80::2%lo");
	check(RULES("fe80::%lo/64"), "fe80::77%1", "fe80::77%2");
	check(RULES("fe80::/64"), "fe80::77%2", NULL);
	check(RULES("fe80::/10", "-", "fe80::/10%2"), "fe80::77%1", "fe80::77%2");
	assert_int_equal(access_allow(&a, "::1%lo", &err), -EINVAL);
	assert_int_equal(access_allow(&a, "192.0.2.1%lo", &err), -EINVAL);
	assert_int_equal(access_allow(&a, "fe80::1%", &err), -EINVAL);
	assert_int_equal(access_allow(&a, "%lo", &err), -EINVAL);
	str_fini(&err);
	access_fini(&a);
}

static void test_ranges(void **state)
{
	(void)state;
	check(RULES("192.0.2.0/24"), "192.0.2.0", "192.0.1.255");
	check(RULES("192.0.2.0/24"), "192.0.2.255", "192.0.3.0");
	check(RULES("192.0.2.77/24"), "192.0.2.1", "192.0.3.77");
	check(RULES("192.0.2.128/25"), "192.0.2.128", "192.0.2.127");
	check(RULES("10.0.0.0/15"), "10.1.255.255", "10.2.0.0");
	check(RULES("192.0.2.1"), "192.0.2.1", "192.0.2.0");
	check(RULES("192.0.2.1/32"), "192.0.2.1", "192.0.2.3");
	check(RULES("2001:db8::/33"), "2001:db8:7fff::1", "2001:db8:8000::1");
	check(RULES("::1"), "::1", "::2");
	check(RULES("2001:db8::/127"), "2001:db8::1", "2001:db8::2");
}

static void test_families(void **state)
{
	(void)state;
	check(RULES("0.0.0.0/0"), "255.255.255.255", "::1");
	check(RULES("::/0"), "2001:db8::1", "127.0.0.1");
	check(RULES("::/80"), "::1", "127.0.0.1"); // which holds more than mapped addresses
	check(RULES("0.0.0.0/0", "::/0"), "127.0.0.1", NULL);
	check(RULES("0.0.0.0/0", "::/0"), "::1", NULL);
}

// On a socket of both families IPv4 clients have IPv6 addresses; no rule may depend on that.
static void test_mapped(void **state)
{
	(void)state;
	check(RULES("192.0.2.0/24"), "::ffff:192.0.2.9", "::ffff:192.0.3.9");
	check(RULES("::ffff:192.0.2.0/120"), "192.0.2.9", "192.0.3.9");
	check(RULES("::ffff:192.0.2.0/120"), "::ffff:192.0.2.9", "::ffff:192.0.3.9");
	check(RULES("::ffff:0.0.0.0/96"), "198.51.100.1", "::1");
	check(RULES("-", "192.0.2.0/24"), "198.51.100.1", "::ffff:192.0.2.9");
	check(RULES("-", "::ffff:192.0.2.0/120"), "198.51.100.1", "192.0.2.9");
}

static void test_deny_wins(void **state)
{
	(void)state;
	check(RULES("-", "192.0.2.0/24"), "192.0.3.1", "192.0.2.1");
	check(RULES("10.0.0.0/8", "-", "10.1.0.0/16"), "10.2.0.1", "10.1.0.1");
	check(RULES("10.1.0.1", "-", "10.0.0.0/8"), NULL, "10.1.0.1");
	check(RULES("10.1.0.1", "192.0.2.1", "-", "192.0.2.2"), "192.0.2.1", "192.0.2.3");
}

static void test_peer_without_address(void **state)
{
	struct sockaddr_any un = {.un = {.sun_family = AF_UNIX}, .len = sizeof(sa_family_t)};
	struct access denies = RULES("-", "0.0.0.0/0");
	struct access allows = RULES("0.0.0.0/0");

	(void)state;
	assert_null(access_refusal(&denies, &un));
	assert_non_null(access_refusal(&allows, &un));
	access_fini(&denies);
	access_fini(&allows);
}

static void test_bad_words(void **state)
{
	static const char *const words[] = {"", "/", "/8", "10.0.0.0/", "10.0.0.0/33", "::/129",
		"10.0.0.0/-1", "10.0.0.0/ 8", "10.0.0.0/8/8", "10.0.0.0/255.0.0.0", "10/8",
		"localhost", "10.0.0.0/99999999999999999999", "10.0.0.0 /8", "::ffff:10.0.0.0/x",
		"::ffff:0:0/95", "::fffe:0:0/95", "::ffff:0:0/81"};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		struct access a = {0};
		struct str err = {0};

		assert_int_equal(access_allow(&a, words[i], &err), -EINVAL);
		assert_int_equal(access_deny(&a, words[i], &err), -EINVAL);
		assert_true(err.len > 0);
		assert_int_equal(a.allowed_count + a.denied_count, 0);
		str_fini(&err);
		access_fini(&a);
	}
}

static void test_tally(void **state)
{
	struct tally t = {0};
	struct sockaddr_any a = peer("192.0.2.1");
	struct sockaddr_any mapped = peer("::ffff:192.0.2.1");
	struct sockaddr_any b = peer("192.0.2.2");
	struct sockaddr_any un = {.un = {.sun_family = AF_UNIX}, .len = sizeof(sa_family_t)};

	(void)state;
	assert_int_equal(tally_count(&t, &a), 0);
	tally_add(&t, &a);
	sockaddr_set_port(&a, 1);
	tally_add(&t, &a);
	tally_add(&t, &mapped);
	tally_add(&t, &un);
	assert_int_equal(tally_count(&t, &a), 3);
	assert_int_equal(tally_count(&t, &mapped), 3);
	assert_int_equal(tally_count(&t, &b), 0);
	assert_int_equal(tally_count(&t, &un), 1);
	tally_remove(&t, &b);
	tally_remove(&t, &a);
	assert_int_equal(tally_count(&t, &a), 2);
	tally_remove(&t, &a);
	tally_remove(&t, &a);
	assert_int_equal(tally_count(&t, &a), 0);
	tally_add(&t, &b);
	tally_fini(&t);
}

// Whoever has an address of IPv6 mostly has 2^64 of them.
static void test_tally_of_networks(void **state)
{
	struct tally t = {0};
	struct sockaddr_any a = peer("2001:db8:0:1::1");
	struct sockaddr_any same = peer("2001:db8:0:1:ffff::2");
	struct sockaddr_any other = peer("2001:db8:0:2::1");
	struct sockaddr_any local = peer("fe80::1");
	struct sockaddr_any neighbour = peer("fe80::2");

	(void)state;
	tally_add(&t, &a);
	tally_add(&t, &local);
	assert_int_equal(tally_count(&t, &same), 1);
	assert_int_equal(tally_count(&t, &other), 0);
	assert_int_equal(tally_count(&t, &neighbour), 0);
	tally_remove(&t, &same);
	assert_int_equal(tally_count(&t, &a), 0);
	tally_fini(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_everybody),
		cmocka_unit_test(test_ranges),
		cmocka_unit_test(test_interfaces),
		cmocka_unit_test(test_families),
		cmocka_unit_test(test_mapped),
		cmocka_unit_test(test_deny_wins),
		cmocka_unit_test(test_peer_without_address),
		cmocka_unit_test(test_bad_words),
		cmocka_unit_test(test_tally),
		cmocka_unit_test(test_tally_of_networks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
