// SPDX-License-Identifier: ISC
// The trace as statements of C, from real calls. That whole traces compile is checked end to end.
#include "sys/trace_c.h"

#include "base/sockaddr.h"
#include "sys/inet.h"
#include "sys/fd_calls.h"
#include "sys/file.h"
#include "sys/resolver.h"
#include "sys/socket.h"
#include "unit.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <sys/time.h>

static struct str last;

static void on_call(const struct trace_call *call, void *arg)
{
	(void)arg;
	str_clear(&last);
	trace_c_format(&last, call);
}

static int start(void **state)
{
	(void)state;
	trace_set_sink(on_call, NULL);
	return 0;
}

static int stop(void **state)
{
	(void)state;
	trace_set_sink(NULL, NULL);
	str_fini(&last);
	return 0;
}

attr_printf(1, 2) static void assert_traced(const char *fmt, ...)
{
	struct str want = {0};
	va_list ap;

	str_addc(&want, '\t');
	va_start(ap, fmt);
	str_vaddf(&want, fmt, ap);
	va_end(ap);
	assert_string_equal(str_c(&last), str_c(&want));
	str_fini(&want);
}

static void test_descriptors_have_names(void **state)
{
	int a = sys_socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, IPPROTO_TCP);

	(void)state;
	assert_traced("int fd%d = socket(AF_INET6, SOCK_STREAM|SOCK_CLOEXEC, IPPROTO_TCP); // = %d",
		a, a);
	assert_int_equal(sys_listen(a, 5), 0);
	assert_traced("listen(fd%d, 5); // = 0", a);

	int b = sys_dup(a);

	assert_traced("int fd%d = dup(fd%d); // = %d", b, a, b);
	sys_close(b);
	assert_traced("close(fd%d); // = 0", b);
	assert_int_equal(sys_fcntl(a, F_DUPFD_CLOEXEC, b), b);
	assert_traced("fd%d = fcntl(fd%d, F_DUPFD_CLOEXEC, %d); // = %d", b, a, b, b);
	sys_close(a);
	sys_close(b);

	int fds[2];

	assert_int_equal(sys_socketpair(AF_UNIX, SOCK_DGRAM, 0, fds), 0);
	assert_traced("socketpair(AF_UNIX, SOCK_DGRAM, 0, pair); fd%d = pair[0]; fd%d = pair[1]; "
		      "// = 0",
		fds[0], fds[1]);
	sys_close(fds[0]);
	sys_close(fds[1]);
	sys_close(-1);
	assert_traced("close(-1); // = -1 EBADF (Bad file descriptor)");
	sys_write(STDOUT_FILENO, "", 0);
	assert_traced("write(1, \"\", 0); // = 0");
}

static void test_addresses(void **state)
{
	const struct sockaddr_in in = {
		.sin_family = AF_INET, .sin_port = htons(80), .sin_addr = {htonl(0xc0000201)}};
	const struct sockaddr_in6 in6 = {.sin6_family = AF_INET6,
		.sin6_port = htons(443),
		.sin6_addr = IN6ADDR_LOOPBACK_INIT,
		.sin6_scope_id = 7};
	const struct sockaddr_un un = {.sun_family = AF_UNIX, .sun_path = "\0a\"1"};
	struct sockaddr_any peer;

	(void)state;
	sys_connect(-1, (const struct sockaddr *)&in, sizeof(in));
	assert_traced("connect(-1, (struct sockaddr *)&(struct sockaddr_in)"
		      "{AF_INET, htons(80), {htonl(0xc0000201)}}, sizeof(struct sockaddr_in)); "
		      "// = -1 EBADF (Bad file descriptor)");
	sys_bind(-1, (const struct sockaddr *)&in6, sizeof(in6));
	assert_traced("bind(-1, (struct sockaddr *)&(struct sockaddr_in6){AF_INET6, htons(443), 0, "
		      "{{{0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,1}}}, 7}, sizeof(struct sockaddr_in6)); "
		      "// = -1 EBADF (Bad file descriptor)");
	sys_connect(-1, (const struct sockaddr *)&un, sizeof(sa_family_t) + 4);
	assert_traced("connect(-1, (struct sockaddr *)&(struct sockaddr_un){AF_UNIX, "
		      "\"\\000a\\\"1\"}, 6); // = -1 EBADF (Bad file descriptor)");
	sys_getsockname(-1, &peer);
	assert_traced("getsockname(-1, (struct sockaddr *)&peer, &(socklen_t){sizeof(peer)}); "
		      "// = -1 EBADF (Bad file descriptor)");
}

static void test_data(void **state)
{
	char buf[100];
	char large[300] = "";
	int fds[2];

	(void)state;
	assert_int_equal(sys_socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	assert_int_equal(sys_send(fds[0],
				 "\"\\\n\x1b"
				 "7\xff",
				 6, MSG_NOSIGNAL),
		6);
	assert_traced("send(fd%d, \"\\\"\\\\\\n\\0337\\377\", 6, MSG_NOSIGNAL); // = 6", fds[0]);
	assert_int_equal(sys_recv(fds[1], buf, 2, 0), 2);
	assert_traced("recv(fd%d, buf, 2, 0); // = 2 \"\\\"\\\\\"", fds[1]);
	assert_int_equal(sys_write(fds[0], large, sizeof(large)), sizeof(large));
	assert_traced("write(fd%d, buf, 300); // = 300", fds[0]);
	sys_close(fds[0]);
	sys_close(fds[1]);
}

static void test_options(void **state)
{
	const struct linger linger = {1, 5};
	const struct timeval tv = {0, 500000};
	int fd = sys_socket(AF_INET, SOCK_STREAM, 0);
	int value = 0;
	socklen_t len = sizeof(value);

	(void)state;
	sys_setsockopt_int(fd, IPPROTO_TCP, TCP_NODELAY, 1);
	assert_traced("setsockopt(fd%d, IPPROTO_TCP, TCP_NODELAY, &(int){1}, 4); // = 0", fd);
	sys_setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
	assert_traced(
		"setsockopt(fd%d, SOL_SOCKET, SO_LINGER, &(struct linger){1, 5}, 8); // = 0", fd);
	sys_setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv));
	assert_traced(
		"setsockopt(fd%d, SOL_SOCKET, SO_RCVTIMEO, &(struct timeval){0, 500000}, 16); "
		"// = 0",
		fd);
	sys_setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, "lo", 2);
	assert_traced("setsockopt(fd%d, SOL_SOCKET, SO_BINDTODEVICE, \"lo\", 2); // = 0", fd);
	sys_getsockopt(fd, SOL_SOCKET, SO_TYPE, &value, &len);
	assert_traced("getsockopt(fd%d, SOL_SOCKET, SO_TYPE, buf, &(socklen_t){4}); "
		      "// = 0 SOCK_STREAM",
		fd);
	sys_getsockopt(fd, 4242, 99, &value, &len);
	assert_traced("getsockopt(fd%d, 4242, 99, buf, &(socklen_t){4}); "
		      "// = -1 EOPNOTSUPP (Operation not supported)",
		fd);
	sys_close(fd);
}

static void test_names(void **state)
{
	const struct addrinfo hints = {.ai_flags = AI_NUMERICHOST, .ai_socktype = SOCK_STREAM};
	struct addrinfo *list;
	unsigned char bytes[4];
	char text[INET6_ADDRSTRLEN];

	(void)state;
	assert_int_equal(sys_getaddrinfo("::1", NULL, &hints, &list), 0);
	assert_traced("getaddrinfo(\"::1\", NULL, &(struct addrinfo){.ai_flags = AI_NUMERICHOST, "
		      ".ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_protocol = 0}, "
		      "&list); // = 0");
	freeaddrinfo(list);
	sys_inet_pton(AF_INET, "1.2.3.200", bytes);
	assert_traced("inet_pton(AF_INET, \"1.2.3.200\", buf); // = 1");
	sys_inet_ntop(AF_INET, bytes, text);
	assert_traced("inet_ntop(AF_INET, \"\\001\\002\\003\\310\", buf, 46); // = 1.2.3.200");
}

// A line must not draw the next one into its comment.
static void test_backslash_at_the_end(void **state)
{
	const struct trace_call call = {.name = "getservent", .value = "\\"};
	struct str s = {0};

	(void)state;
	trace_c_format(&s, &call);
	assert_str_becomes(&s, "\tgetservent(); // = \\.");
	str_fini(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_descriptors_have_names, start, stop),
		cmocka_unit_test_setup_teardown(test_addresses, start, stop),
		cmocka_unit_test_setup_teardown(test_data, start, stop),
		cmocka_unit_test_setup_teardown(test_options, start, stop),
		cmocka_unit_test_setup_teardown(test_names, start, stop),
		cmocka_unit_test(test_backslash_at_the_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
