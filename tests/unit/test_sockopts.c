// SPDX-License-Identifier: ISC
#include "sys/sockopts.h"

#include "sys/socket.h"
#include "unit.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <strings.h>
#include <sys/time.h>

static void test_lookup(void **state)
{
	(void)state;
	for (size_t i = 0; i < sockopt_count; i++) {
		const struct sockopt *o = &sockopt_table[i];

		assert_ptr_equal(sockopt_by_name(o->name), o);
		assert_ptr_equal(sockopt_by_number(o->level, o->option), o);
		assert_non_null(sockopt_level_name(o->level));
	}
	assert_ptr_equal(sockopt_by_name("tcp_nodelay"), sockopt_by_name("TCP_NODELAY"));
	assert_null(sockopt_by_name("TCP_NODELA"));
	assert_null(sockopt_by_name(""));
	assert_null(sockopt_by_number(SOL_SOCKET, 54321));
	assert_null(sockopt_level_name(54321));
}

static size_t size_of_type(enum sockopt_type type)
{
	switch (type) {
	case SOCKOPT_LINGER:
		return sizeof(struct linger);
	case SOCKOPT_TIMEVAL:
		return sizeof(struct timeval);
	case SOCKOPT_STRING:
	case SOCKOPT_BYTES:
		return 0; // any
	default:
		return sizeof(int);
	}
}

// Every row names an option that the kernel knows, of the type that the table claims.
static void test_kernel_agrees(void **state)
{
	int fd = sys_socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);

	(void)state;
	assert_true(fd >= 0);
	for (size_t i = 0; i < sockopt_count; i++) {
		const struct sockopt *o = &sockopt_table[i];
		char value[1024] __attribute__((aligned(8)));
		socklen_t len = sizeof(value);
		int r = sys_getsockopt(fd, o->level, o->option, value, &len);

		// Options of other protocols are refused here; their numbers are from headers.
		if (r == -EOPNOTSUPP || r == -ENOPROTOOPT)
			continue;
		if (r < 0)
			fail_msg("%s: %s", o->name, strerrorname_np(-r));
		if (size_of_type(o->type) && len != size_of_type(o->type))
			fail_msg("%s: %u bytes", o->name, len);
	}
	close(fd);
}

static void check(const char *name, const void *value, size_t len, const char *want)
{
	struct str s = {0};

	str_add_sockopt_value(&s, name ? sockopt_by_name(name) : NULL, value, len);
	assert_str_becomes(&s, want);
	str_fini(&s);
}

static void check_int(const char *name, int value, const char *want)
{
	check(name, &value, sizeof(value), want);
}

static void test_values(void **state)
{
	const struct linger off = {0, 5};
	const struct linger on = {1, 5};
	const struct timeval tv = {1, 500999};
	int one = 1;

	(void)state;
	check_int("SO_KEEPALIVE", 1, "1");
	check_int("SO_RCVBUF", 212992, "212992");
	check_int("SO_MARK", -1, "-1");
	check_int("SO_TYPE", SOCK_DGRAM, "SOCK_DGRAM");
	check_int("SO_TYPE", 99, "99");
	check_int("SO_DOMAIN", AF_INET6, "AF_INET6");
	check_int("SO_ERROR", 0, "0");
	check_int("SO_ERROR", ECONNREFUSED, "ECONNREFUSED");
	check_int("SO_ERROR", 524, "524"); // ENOTSUPP of the kernel has no name here
	check("SO_LINGER", &off, sizeof(off), "off");
	check("SO_LINGER", &on, sizeof(on), "5");
	check("SO_RCVTIMEO", &tv, sizeof(tv), "1500ms");
	check("TCP_CONGESTION", "cubic\0\0\0\0\0\0\0\0\0\0\0", 16, "cubic");
	check("SO_BINDTODEVICE", "eth\x1b", 4, "eth\\x1b");
	check("SO_KEEPALIVE", NULL, 0, "NULL");
	check("TCP_INFO", "\x01\x02\xff", 3, "0x0102ff");
	check(NULL, "\x01\x02\xff", 3, "0x0102ff");
	check("SO_KEEPALIVE", &one, 2, "0x0100"); // not as long as its type: shown as it is
	check("SO_LINGER", "\x01", 1, "0x01");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lookup),
		cmocka_unit_test(test_kernel_agrees),
		cmocka_unit_test(test_values),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
