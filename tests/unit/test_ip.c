// SPDX-License-Identifier: ISC
#include "net/addr/ip.h"

#include "unit.h"

#include <errno.h>

static struct ip ip(const char *word)
{
	struct ip parsed;

	if (!ip_parse(word, &parsed))
		fail_msg("'%s' is no address", word);
	return parsed;
}

static struct ip_prefix prefix(const char *word)
{
	struct str err = {0};
	struct ip_prefix p;

	if (ip_prefix_parse(word, &p, &err) < 0)
		fail_msg("%s", str_c(&err));
	return p;
}

static void check_ip(struct ip got, const char *want)
{
	struct str s = {0};

	str_add_ip(&s, &got);
	assert_str_becomes(&s, want);
	str_fini(&s);
}

static void test_parse(void **state)
{
	static const char *const no_addresses[] = {"", "127.1", "0x7f000001", "1.2.3.256",
		"01.2.3.4", "1.2.3.4 ", "1.2.3.4.5", "::1%lo", "[::1]", ":::", "1::2::3",
		"localhost", "::g"};
	struct ip parsed;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(no_addresses); i++)
		if (ip_parse(no_addresses[i], &parsed))
			fail_msg("'%s' is no address", no_addresses[i]);
	check_ip(ip("192.0.2.1"), "192.0.2.1");
	check_ip(ip("2001:DB8:0:0:1:0:0:1"), "2001:db8::1:0:0:1"); // RFC 5952 section 4.2.3
	check_ip(ip("2001:db8:0:1:1:1:1:1"), "2001:db8:0:1:1:1:1:1"); // RFC 5952 section 4.2.2
	check_ip(ip("::ffff:c000:0201"), "::ffff:192.0.2.1"); // RFC 5952 section 5
}

static void test_prefix_parse(void **state)
{
	static const char *const words[] = {"10.0.0.0/33", "::/129", "10.0.0.0/", "10.0.0.0/-1",
		"10.0.0.0/8x", "10.0.0.0/255.0.0.0", "10/8", "/8", "",
		"10.0.0.0/99999999999999999999"};
	struct str err = {0};
	struct ip_prefix p;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		assert_int_equal(ip_prefix_parse(words[i], &p, &err), -EINVAL);
		assert_true(err.len > 0);
		str_clear(&err);
	}
	str_fini(&err);
	assert_int_equal(prefix("10.0.0.0/8").length, 8);
	assert_int_equal(prefix("10.0.0.0").length, 32);
	assert_int_equal(prefix("::/0").length, 0);
	assert_int_equal(prefix("::1").length, 128);
}

static void test_ranges(void **state)
{
	static const struct {
		const char *word, *least, *greatest, *mask, *count;
	} cases[] = {
		{"192.0.2.77/26", "192.0.2.64", "192.0.2.127", "255.255.255.192", "64"},
		{"192.0.2.77/32", "192.0.2.77", "192.0.2.77", "255.255.255.255", "1"},
		{"192.0.2.77/0", "0.0.0.0", "255.255.255.255", "0.0.0.0", "4294967296"},
		{"10.255.0.0/9", "10.128.0.0", "10.255.255.255", "255.128.0.0", "8388608"},
		{"2001:db8::1/127", "2001:db8::", "2001:db8::1",
			"ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe", "2"},
		{"2001:db8:8000::/33", "2001:db8:8000::", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff",
			"ffff:ffff:8000::", "39614081257132168796771975168"},
		{"::/0", "::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
			"::", "340282366920938463463374607431768211456"},
	};
	struct str count = {0};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct ip_prefix p = prefix(cases[i].word);

		check_ip(ip_prefix_least(&p), cases[i].least);
		check_ip(ip_prefix_greatest(&p), cases[i].greatest);
		check_ip(ip_mask(p.ip.family, p.length), cases[i].mask);
		str_add_ip_count(&count, &p);
		assert_str_becomes(&count, cases[i].count);
	}
	str_fini(&count);
}

static void test_next(void **state)
{
	struct ip a = ip("192.0.2.255");
	struct ip b = ip("255.255.255.255");
	struct ip c = ip("2001:db8::");

	(void)state;
	check_ip(ip_next(&a, 1), "192.0.3.0");
	check_ip(ip_next(&a, -1), "192.0.2.254");
	check_ip(ip_next(&b, 1), "0.0.0.0");
	check_ip(ip_next(&c, -1), "2001:db7:ffff:ffff:ffff:ffff:ffff:ffff");
}

static void test_membership(void **state)
{
	static const struct {
		const char *range, *address;
		bool has;
	} cases[] = {
		{"10.0.0.0/8", "10.255.255.255", true},
		{"10.0.0.0/8", "11.0.0.0", false},
		{"10.0.0.0/8", "9.255.255.255", false},
		{"10.9.9.9/8", "10.0.0.1", true},
		{"192.0.2.64/26", "192.0.2.127", true},
		{"192.0.2.64/26", "192.0.2.128", false},
		{"0.0.0.0/0", "255.255.255.255", true},
		{"0.0.0.0/0", "::1", false},
		{"::/0", "127.0.0.1", false},
		{"10.0.0.0/8", "::ffff:10.1.2.3", true},
		{"10.0.0.0/8", "::ffff:11.1.2.3", false},
		{"::ffff:0:0/96", "::ffff:10.1.2.3", true},
		{"fe80::/10", "febf::1", true},
		{"fe80::/10", "fec0::1", false},
		{"192.0.2.1", "192.0.2.1", true},
		{"192.0.2.1", "192.0.2.2", false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct ip_prefix p = prefix(cases[i].range);
		struct ip a = ip(cases[i].address);

		if (ip_prefix_has(&p, &a) != cases[i].has)
			fail_msg("%s in %s", cases[i].address, cases[i].range);
	}
}

static void test_classes(void **state)
{
	static const struct {
		const char *address, *class;
	} cases[] = {
		{"0.0.0.0", "unspecified"},
		{"0.1.2.3", "this-network"},
		{"127.255.255.255", "loopback"},
		{"10.0.0.0", "private"},
		{"172.15.255.255", "global"},
		{"172.16.0.0", "private"},
		{"172.31.255.255", "private"},
		{"172.32.0.0", "global"},
		{"192.168.0.1", "private"},
		{"100.64.0.1", "shared"},
		{"100.128.0.0", "global"},
		{"169.254.1.1", "link-local"},
		{"192.0.2.1", "documentation"},
		{"198.51.100.1", "documentation"},
		{"203.0.113.1", "documentation"},
		{"192.0.0.8", "protocol-assignments"},
		{"192.88.99.1", "6to4-relay"},
		{"198.19.255.255", "benchmarking"},
		{"224.0.0.1", "multicast"},
		{"239.255.255.255", "multicast"},
		{"240.0.0.1", "reserved"},
		{"255.255.255.255", "broadcast"},
		{"9.9.9.9", "global"},
		{"::", "unspecified"},
		{"::1", "loopback"},
		{"::192.0.2.1", "compatible"},
		{"::ffff:192.0.2.1", "mapped"},
		{"64:ff9b::192.0.2.1", "translated"},
		{"64:ff9b:1::1", "translated-local"},
		{"100::1", "discard"},
		{"2001::1", "teredo"},
		{"2001:2::1", "benchmarking"},
		{"2001:20::1", "orchid"},
		{"2001:1::1", "protocol-assignments"},
		{"2001:200::1", "global"},
		{"2001:db8::1", "documentation"},
		{"3fff::1", "documentation"},
		{"2002:c000:201::", "6to4"},
		{"2620:fe::fe", "global"},
		{"fd00::1", "unique-local"},
		{"fe80::1", "link-local"},
		{"fec0::1", "site-local"},
		{"ff02::1", "multicast"},
		{"4000::1", "reserved"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct ip a = ip(cases[i].address);

		if (strcmp(ip_class(&a), cases[i].class) != 0)
			fail_msg("%s is %s", cases[i].address, ip_class(&a));
	}
}

static void check_embedded(const char *address, const char *want)
{
	struct ip a = ip(address);
	struct ip v4;

	assert_int_equal(ip_embedded(&a, &v4), want != NULL);
	if (want)
		check_ip(v4, want);
}

static void test_parts(void **state)
{
	struct ip link = ip("ff02::1");
	struct ip reserved = ip("ff00::1");
	struct ip unicast = ip("fe80::1");

	(void)state;
	assert_string_equal(ip_multicast_scope(&link), "link-local");
	assert_null(ip_multicast_scope(&reserved));
	assert_null(ip_multicast_scope(&unicast));
	check_embedded("::ffff:192.0.2.1", "192.0.2.1");
	check_embedded("64:ff9b::192.0.2.1", "192.0.2.1");
	check_embedded("2002:c000:201::5", "192.0.2.1");
	check_embedded("2001:db8::1", NULL);
	check_embedded("192.0.2.1", NULL);
}

static void test_texts(void **state)
{
	struct ip v4 = ip("192.0.2.1");
	struct ip v6 = ip("2001:db8::567:89ab"); // RFC 3596 section 2.5
	struct str s = {0};

	(void)state;
	str_add_ip_reverse(&s, &v4);
	assert_str_becomes(&s, "1.2.0.192.in-addr.arpa");
	str_add_ip_reverse(&s, &v6);
	assert_str_becomes(
		&s, "b.a.9.8.7.6.5.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa");
	str_add_ip_hex(&s, &v4);
	assert_str_becomes(&s, "0xc0000201");
	str_add_ip_expanded(&s, &v6);
	assert_str_becomes(&s, "2001:0db8:0000:0000:0000:0000:0567:89ab");
	str_fini(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_prefix_parse),
		cmocka_unit_test(test_ranges),
		cmocka_unit_test(test_next),
		cmocka_unit_test(test_membership),
		cmocka_unit_test(test_classes),
		cmocka_unit_test(test_parts),
		cmocka_unit_test(test_texts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
