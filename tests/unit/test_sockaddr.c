// SPDX-License-Identifier: ISC
#include "base/sockaddr.h"

#include "unit.h"

#include <arpa/inet.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <stdio.h>

static struct sockaddr_any in4(const char *host, uint16_t port)
{
	struct sockaddr_any a = {
		.in = {.sin_family = AF_INET, .sin_port = htons(port)}, .len = sizeof(a.in)};

	assert_int_equal(inet_pton(AF_INET, host, &a.in.sin_addr), 1);
	return a;
}

static struct sockaddr_any in6(const char *host, uint16_t port, uint32_t scope)
{
	struct sockaddr_any a = {
		.in6 = {.sin6_family = AF_INET6, .sin6_port = htons(port), .sin6_scope_id = scope},
		.len = sizeof(a.in6)};

	assert_int_equal(inet_pton(AF_INET6, host, &a.in6.sin6_addr), 1);
	return a;
}

static struct sockaddr_any un(const void *path, size_t len)
{
	struct sockaddr_any a = {.un = {.sun_family = AF_UNIX},
		.len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len)};

	memcpy(a.un.sun_path, path, len);
	return a;
}

static void check_text(struct sockaddr_any a, const char *whole, const char *host)
{
	struct str s = {0};

	str_add_sockaddr(&s, &a.sa, a.len);
	assert_str_becomes(&s, whole);
	str_add_sockaddr_host(&s, &a.sa, a.len);
	assert_str_becomes(&s, host);
	str_fini(&s);
}

static void test_text_of_inet(void **state)
{
	unsigned lo = if_nametoindex("lo");
	char text[64];

	(void)state;
	check_text(in4("127.0.0.1", 80), "127.0.0.1:80", "127.0.0.1");
	check_text(in4("255.255.255.255", 65535), "255.255.255.255:65535", "255.255.255.255");
	check_text(in6("::1", 443, 0), "[::1]:443", "::1");
	check_text(in6("::", 0, 0), "[::]:0", "::");
	check_text(in6("::ffff:192.0.2.1", 7, 0), "[::ffff:192.0.2.1]:7", "::ffff:192.0.2.1");
	check_text(in6("fe80::1", 9, lo), "[fe80::1%lo]:9", "fe80::1%lo");
	snprintf(text, sizeof(text), "fe80::1%%%u", UINT32_MAX); // an index that no interface has
	check_text(in6("fe80::1", 9, UINT32_MAX), "[fe80::1%4294967295]:9", text);
}

static void test_text_of_unix(void **state)
{
	char full[sizeof(((struct sockaddr_un *)0)->sun_path)];
	char want[sizeof(full) + sizeof("unix:")];

	(void)state;
	check_text(un("/run/x", 6), "unix:/run/x", "/run/x");
	check_text(un("/run/x\0rest", 11), "unix:/run/x", "/run/x");
	check_text(un("", 0), "unix:", "");
	check_text(un("\0name", 5), "unix:@name", "@name");
	check_text(un("\0a\0b\n", 5), "unix:@a@b\n", "@a@b\n");
	check_text(un("/tmp/\x1b[31m", 10), "unix:/tmp/\x1b[31m", "/tmp/\x1b[31m");

	memset(full, 'f', sizeof(full)); // as long as it may be, without a NUL
	snprintf(want, sizeof(want), "unix:%.*s", (int)sizeof(full), full);
	check_text(un(full, sizeof(full)), want, want + strlen("unix:"));
}

static void test_text_for_a_terminal(void **state)
{
	struct sockaddr_any path = un("/tmp/\x1b\\", 7);
	struct sockaddr_any address = in6("::1", 443, 0);
	struct str s = {0};

	(void)state;
	str_add_shown_sockaddr(&s, &path.sa, path.len);
	assert_str_becomes(&s, "unix:/tmp/\\x1b\\\\");
	str_add_shown_sockaddr(&s, &address.sa, address.len);
	assert_str_becomes(&s, "[::1]:443");
	str_fini(&s);
}

static void test_text_of_others(void **state)
{
	struct sockaddr_any packet = {.len = sizeof(struct sockaddr_ll)};

	(void)state;
	packet.sa.sa_family = AF_PACKET;
	check_text(packet, "family 17", "family 17");
	check_text((struct sockaddr_any){.len = 0}, "?", "?");
	check_text((struct sockaddr_any){.len = 1}, "?", "?");
}

static void test_set_bounds(void **state)
{
	char huge[2 * sizeof(struct sockaddr_storage)] __attribute__((aligned(8))) = {0};
	struct sockaddr_any a;

	(void)state;
	sockaddr_set(&a, (const struct sockaddr *)huge, sizeof(huge));
	assert_int_equal(a.len, sizeof(a.storage));

	struct sockaddr_any b = in4("192.0.2.1", 1);

	sockaddr_set(&a, &b.sa, b.len);
	assert_true(sockaddr_equal(&a, &b));
}

static void test_port(void **state)
{
	struct sockaddr_any a = in4("192.0.2.1", 1);
	struct sockaddr_any b = in6("2001:db8::1", 1, 0);
	struct sockaddr_any c = un("/run/x", 6);
	struct sockaddr_any d = c;

	(void)state;
	sockaddr_set_port(&a, 0x1234);
	sockaddr_set_port(&b, 65535);
	sockaddr_set_port(&c, 80);
	assert_int_equal(sockaddr_port(&a), 0x1234);
	assert_int_equal(sockaddr_port(&b), 65535);
	assert_int_equal(sockaddr_port(&c), 0);
	assert_true(sockaddr_equal(&c, &d));
	assert_int_equal(sockaddr_port(&(struct sockaddr_any){.len = 0}), 0);
}

static void test_unmap(void **state)
{
	struct sockaddr_any mapped = in6("::ffff:192.0.2.1", 80, 0);
	struct sockaddr_any plain = in4("192.0.2.1", 80);
	struct sockaddr_any other = in6("2001:db8::1", 80, 0);
	struct sockaddr_any same = other;
	struct sockaddr_any path = un("/run/x", 6);

	(void)state;
	sockaddr_unmap(&mapped);
	assert_true(sockaddr_equal(&mapped, &plain));
	sockaddr_unmap(&mapped);
	assert_true(sockaddr_equal(&mapped, &plain));
	sockaddr_unmap(&other);
	assert_true(sockaddr_equal(&other, &same));
	sockaddr_unmap(&path);
	check_text(path, "unix:/run/x", "/run/x");
}

static bool equal(struct sockaddr_any a, struct sockaddr_any b)
{
	assert_int_equal(sockaddr_equal(&a, &b), sockaddr_equal(&b, &a));
	return sockaddr_equal(&a, &b);
}

static void test_equal(void **state)
{
	struct sockaddr_any dirty = in4("192.0.2.1", 80);

	(void)state;
	assert_true(equal((struct sockaddr_any){.sa.sa_family = AF_INET},
		(struct sockaddr_any){.sa.sa_family = AF_INET6}));
	memset(dirty.in.sin_zero, 0xff, sizeof(dirty.in.sin_zero)); // padding does not count
	assert_true(equal(in4("192.0.2.1", 80), dirty));
	assert_false(equal(in4("192.0.2.1", 80), in4("192.0.2.1", 81)));
	assert_false(equal(in4("192.0.2.1", 80), in4("192.0.2.2", 80)));
	assert_false(equal(in4("0.0.0.0", 80), in6("::", 80, 0)));
	assert_true(equal(in6("fe80::1", 80, 2), in6("fe80::1", 80, 2)));
	assert_false(equal(in6("fe80::1", 80, 2), in6("fe80::1", 80, 3)));
	assert_false(equal(in6("fe80::1", 80, 2), in6("fe80::2", 80, 2)));
	assert_false(equal(in6("fe80::1", 80, 2), in6("fe80::1", 81, 2)));
	assert_true(equal(un("/a", 2), un("/a", 2)));
	assert_false(equal(un("/a", 2), un("/b", 2)));
	assert_false(equal(un("/a", 2), un("/ab", 3)));
	assert_false(equal(un("\0a", 2), un("/a", 2)));
}

static bool loopback(struct sockaddr_any a)
{
	return sockaddr_is_loopback(&a);
}

static void test_loopback(void **state)
{
	(void)state;
	assert_true(loopback(in4("127.0.0.1", 0)));
	assert_true(loopback(in4("127.255.255.254", 0)));
	assert_false(loopback(in4("128.0.0.1", 0)));
	assert_false(loopback(in4("0.0.0.0", 0)));
	assert_true(loopback(in6("::1", 0, 0)));
	assert_true(loopback(in6("::ffff:127.0.0.1", 0, 0)));
	assert_false(loopback(in6("::ffff:10.0.0.1", 0, 0)));
	assert_false(loopback(in6("::", 0, 0)));
	assert_true(loopback(un("/run/x", 6)));
}

static bool wildcard(struct sockaddr_any a)
{
	return sockaddr_is_wildcard(&a);
}

static void test_wildcard(void **state)
{
	(void)state;
	assert_true(wildcard(in4("0.0.0.0", 80)));
	assert_true(wildcard(in6("::", 80, 0)));
	assert_false(wildcard(in4("0.0.0.1", 0)));
	assert_false(wildcard(in6("::1", 0, 0)));
	assert_false(wildcard(in6("::ffff:0.0.0.0", 0, 0)));
	assert_false(wildcard(un("", 1)));
	assert_false(wildcard((struct sockaddr_any){0}));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text_of_inet),
		cmocka_unit_test(test_text_of_unix),
		cmocka_unit_test(test_text_for_a_terminal),
		cmocka_unit_test(test_text_of_others),
		cmocka_unit_test(test_set_bounds),
		cmocka_unit_test(test_port),
		cmocka_unit_test(test_unmap),
		cmocka_unit_test(test_equal),
		cmocka_unit_test(test_loopback),
		cmocka_unit_test(test_wildcard),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
