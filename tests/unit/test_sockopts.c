// SPDX-License-Identifier: ISC
#include "sys/sockopt/sockopt_value.h"

#include "net/sockopt.h"
#include "sys/socket.h"
#include "unit.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <sys/time.h>

static void test_lookup(void **state)
{
	size_t count = 0;

	(void)state;
	sockopt_for_each (o) {
		bool both = strncmp(o->name, "MCAST_", 6) == 0;

		count++;
		assert_ptr_equal(sockopt_by_number(o->level, o->option), o);
		assert_non_null(sockopt_level_name(o->level));
		if (!both || o->level == IPPROTO_IP)
			assert_ptr_equal(sockopt_by_name(o->name), o);
		assert_int_equal(!!o->names, o->type == SOCKOPT_NAME || o->type == SOCKOPT_FLAGS);
		assert_true(o->access & (SOCKOPT_GET | SOCKOPT_SET));
		assert_true(o->kinds);
		assert_true(strnlen(o->name, sizeof(o->name)) < sizeof(o->name));
		assert_true(strlen(o->meaning) > 10 && strlen(o->meaning) < 72);
		assert_int_not_equal(o->meaning[strlen(o->meaning) - 1], '.');
		if (o->access & SOCKOPT_SET)
			assert_non_null(sockopt_value_form(o));
	}
	assert_true(count > 200);
	assert_ptr_equal(sockopt_by_name("tcp_nodelay"), sockopt_by_name("TCP_NODELAY"));
	assert_string_equal(sockopt_by_name("IPV6_ADD_MEMBERSHIP")->name, "IPV6_JOIN_GROUP");
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
	case SOCKOPT_U64:
		return sizeof(uint64_t);
	case SOCKOPT_UCRED:
		return sizeof(struct ucred);
	case SOCKOPT_STRING:
	case SOCKOPT_SOCKADDR:
	case SOCKOPT_U32S:
	case SOCKOPT_INFO:
	case SOCKOPT_BYTES:
		return 0; // any
	default:
		return sizeof(int);
	}
}

// Whether a fresh socket may refuse to tell the option.
static bool may_refuse(const struct sockopt *o, int error)
{
	switch (-error) {
	case ENOTCONN:
	case EPERM:
	case ENOPROTOOPT: // the kernel is older than the option or was made without it
	case EOPNOTSUPP:
		return true;
	case EINVAL: // not under repair
		return strstr(o->name, "TCP_REPAIR") || o->option == TCP_QUEUE_SEQ;
	default:
		return o->when == SOCKOPT_AFTER;
	}
}

// Every row names an option that the kernel knows on such a socket, of the type that the table
// claims.
static void check_kind(int family, int type, unsigned kind)
{
	int fd = sys_socket(family, type | SOCK_CLOEXEC, 0);
	size_t read = 0;

	assert_true(fd >= 0);
	sockopt_for_each (o) {
		struct sockopt_value v;
		int r;

		if (!(o->kinds & kind) || !(o->access & SOCKOPT_GET))
			continue;
		r = sockopt_read(fd, o, &v);
		if (r < 0 && !may_refuse(o, r))
			fail_msg("%s: %s", o->name, strerrorname_np(-r));
		// SO_TIMESTAMPING has grown a second member.
		if (r == 0 && o->option != SO_TIMESTAMPING && size_of_type(o->type) &&
			v.len != size_of_type(o->type))
			fail_msg("%s: %u bytes", o->name, v.len);
		read += r == 0;
	}
	assert_true(read > 30);
	close(fd);
}

static void test_kernel_agrees(void **state)
{
	(void)state;
	check_kind(AF_INET6, SOCK_STREAM, SOCKOPT_TCP);
	check_kind(AF_INET6, SOCK_DGRAM, SOCKOPT_UDP);
	check_kind(AF_UNIX, SOCK_STREAM, SOCKOPT_UNIX);
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
	const struct ucred cred = {7, 8, 9};
	int one = 1;

	(void)state;
	check_int("SO_KEEPALIVE", 1, "1");
	check_int("SO_RCVBUF", 212992, "212992");
	check_int("SO_MARK", 16, "0x10");
	check_int("SO_PEEK_OFF", -1, "-1");
	check_int("TCP_NOTSENT_LOWAT", -1, "4294967295");
	check_int("TCP_KEEPIDLE", 60, "60s");
	check_int("TCP_USER_TIMEOUT", 1500, "1500ms");
	check_int("SO_BUSY_POLL", 50, "50us");
	check_int("IP_MTU_DISCOVER", 2, "IP_PMTUDISC_DO");
	check_int("SO_BUF_LOCK", 3, "SOCK_SNDBUF_LOCK|SOCK_RCVBUF_LOCK");
	check_int("SO_TYPE", SOCK_DGRAM, "SOCK_DGRAM");
	check_int("SO_TYPE", 99, "99");
	check_int("SO_DOMAIN", AF_INET6, "AF_INET6");
	check_int("SO_ERROR", 0, "0");
	check_int("SO_ERROR", ECONNREFUSED, "ECONNREFUSED");
	check_int("SO_ERROR", 524, "524"); // ENOTSUPP of the kernel has no name here
	check("SO_LINGER", &off, sizeof(off), "off");
	check("SO_LINGER", &on, sizeof(on), "5s");
	check("SO_RCVTIMEO", &tv, sizeof(tv), "1500999us");
	check("SO_PEERCRED", &cred, sizeof(cred), "pid=7,uid=8,gid=9");
	check("SO_PEERGROUPS", (const uint32_t[]){4, 20}, 8, "4,20");
	check("TCP_CONGESTION", "cubic\0\0\0\0\0\0\0\0\0\0\0", 16, "cubic");
	check("SO_BINDTODEVICE", "eth\x1b", 4, "eth\\x1b");
	check("SO_KEEPALIVE", NULL, 0, "NULL");
	check("TCP_INFO", "\x0a\x00\x02", 3, "state=LISTEN retransmits=2");
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
