// SPDX-License-Identifier: ISC
// The trace as statements of C, from real calls. That whole programs compile, run and meet the same
// peers is checked end to end.
#include "sys/trace_c/trace_c.h"

#include "base/sockaddr.h"
#include "sys/fd_calls.h"
#include "sys/file.h"
#include "sys/inet.h"
#include "sys/message.h"
#include "sys/netdb.h"
#include "sys/resolver.h"
#include "sys/socket.h"
#include "unit.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <sys/time.h>
#include <unistd.h>

static struct str program;

static void on_call(const struct trace_call *call, void *arg)
{
	(void)arg;
	trace_c_add(call);
}

static void write_line(void *arg, const char *line, size_t len)
{
	(void)arg;
	str_addn(&program, line, len);
	str_addc(&program, '\n');
}

static int start(void **state)
{
	(void)state;
	str_clear(&program);
	trace_c_begin(write_line, NULL, getpid());
	trace_set_sink(on_call, NULL);
	return 0;
}

static int stop(void **state)
{
	(void)state;
	trace_set_sink(NULL, NULL);
	trace_c_end();
	str_fini(&program);
	return 0;
}

// Ends the program and checks that these lines are in it.
attr_printf(1, 2) static void assert_program_has(const char *fmt, ...)
{
	struct str want = {0};
	va_list ap;

	trace_c_end();
	va_start(ap, fmt);
	str_vaddf(&want, fmt, ap);
	va_end(ap);
	if (!strstr(str_c(&program), str_c(&want)))
		fail_msg("no\n%sin\n%s", str_c(&want), str_c(&program));
	str_fini(&want);
}

static void test_nothing(void **state)
{
	(void)state;
	assert_program_has("\nint main(void)\n{\n\treturn 0;\n}\n");
	assert_null(strstr(str_c(&program), "static"));
}

static void test_descriptors_have_names(void **state)
{
	int a = sys_socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, IPPROTO_TCP);
	int b = sys_dup(a);
	int fds[2];

	(void)state;
	sys_listen(a, 5);
	sys_close(b);
	assert_int_equal(sys_fcntl(a, F_DUPFD_CLOEXEC, b), b);
	sys_close(b);
	sys_close(a);
	sys_close(-1);
	assert_int_equal(sys_socketpair(AF_UNIX, SOCK_DGRAM, 0, fds), 0);
	sys_close(fds[0]);
	sys_close(fds[1]);
	assert_program_has(
		"\tint fd%d = socket(AF_INET6, SOCK_STREAM|SOCK_CLOEXEC, IPPROTO_TCP); // = %d\n"
		"\tif (fd%d < 0)\n"
		"\t\tfail(\"socket\");\n"
		"\tint fd%d = dup(fd%d); // = %d\n",
		a, a, a, b, a, b);
	assert_program_has("\tif (listen(fd%d, 5) < 0) // = 0\n"
			   "\t\tfail(\"listen\");\n"
			   "\tif (close(fd%d) < 0) // = 0\n"
			   "\t\tfail(\"close\");\n"
			   "\tfd%d = fcntl(fd%d, F_DUPFD_CLOEXEC, %d); // = %d\n",
		a, b, b, a, b, b);
	assert_program_has("\tif (close(-1) < 0) // = -1 EBADF (Bad file descriptor)\n"
			   "\t\tperror(\"close\");\n"
			   "\tif (socketpair(AF_UNIX, SOCK_DGRAM, 0, pair) < 0) // = 0\n"
			   "\t\tfail(\"socketpair\");\n"
			   "\tfd%d = pair[0];\n"
			   "\tfd%d = pair[1];\n",
		fds[0], fds[1]);
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

	(void)state;
	sys_connect(-1, (const struct sockaddr *)&in, sizeof(in));
	sys_bind(-1, (const struct sockaddr *)&in6, sizeof(in6));
	sys_connect(-1, (const struct sockaddr *)&un, sizeof(sa_family_t) + 4);
	assert_program_has("\tin_port_t port = htons(argc > 1 ? (in_port_t)atoi(argv[1]) : 80);\n");
	assert_program_has(
		"\tif (connect(-1, (struct sockaddr *)&(struct sockaddr_in){"
		".sin_family = AF_INET, .sin_port = port, "
		".sin_addr.s_addr = htonl(0xc0000201)}, sizeof(struct sockaddr_in)) < 0)");
	assert_program_has("\tif (bind(-1, (struct sockaddr *)&(struct sockaddr_in6){"
			   ".sin6_family = AF_INET6, .sin6_port = htons(443), "
			   ".sin6_addr = IN6ADDR_LOOPBACK_INIT, .sin6_scope_id = 7}, "
			   "sizeof(struct sockaddr_in6)) < 0)");
	assert_program_has("\tif (connect(-1, (struct sockaddr *)&(struct sockaddr_un){"
			   ".sun_family = AF_UNIX, .sun_path = \"\\000a\\\"1\"}, "
			   "offsetof(struct sockaddr_un, sun_path) + 4) < 0)");
}

// One that the kernel chose is another one next time.
static void test_address_that_was_chosen(void **state)
{
	struct sockaddr_any a = {.in = {.sin_family = AF_INET, .sin_addr = {htonl(0x7f000001)}},
		.len = sizeof(a.in)};
	int server = sys_socket(AF_INET, SOCK_STREAM, 0);
	int client = sys_socket(AF_INET, SOCK_STREAM, 0);

	(void)state;
	assert_int_equal(sys_bind(server, &a.sa, a.len), 0);
	assert_int_equal(sys_listen(server, 1), 0);
	assert_int_equal(sys_getsockname(server, &a), 0);
	assert_int_equal(sys_connect(client, &a.sa, a.len), 0);
	sys_close(server);
	sys_close(client);
	assert_program_has(
		"\tif (connect(fd%d, (struct sockaddr *)&name%d.address, name%d.length) < 0)",
		client, server, server);
	assert_program_has("\nint main(void)\n");
	assert_program_has("{.sin_family = AF_INET, .sin_port = 0, ");
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
	assert_int_equal(sys_recv(fds[1], buf, 2, 0), 2);
	assert_int_equal(sys_send(fds[1], buf + 1, 1, 0), 1);
	assert_int_equal(sys_send(fds[1], "\\", 1, 0), 1); // the same byte from elsewhere
	buf[1] = '?';
	assert_int_equal(sys_send(fds[1], buf + 1, 1, 0), 1);
	assert_int_equal(sys_recv(fds[1], buf, 100, MSG_PEEK), 4);
	assert_int_equal(sys_write(fds[0], large, sizeof(large)), sizeof(large));
	sys_close(fds[0]);
	sys_close(fds[1]);
	assert_program_has("\tsend_all(fd%d, \"\\\"\\\\\\n\\0337\\377\", 6, MSG_NOSIGNAL); // = 6\n"
			   "\trecv_all(fd%d, buf, 2, 0); // = 2 \"\\\"\\\\\"\n"
			   "\tsend_all(fd%d, buf + 1, 1, 0); // = 1\n"
			   "\tsend_all(fd%d, \"\\\\\", 1, 0); // = 1\n"
			   "\tsend_all(fd%d, \"?\", 1, 0); // = 1\n"
			   "\tawait(fd%d, POLLIN);\n"
			   "\tif (recv(fd%d, buf, 100, MSG_PEEK) < 0) // = 4 ",
		fds[0], fds[1], fds[1], fds[1], fds[1], fds[1], fds[1]);
	assert_program_has("\\000\"\n\t\t\"\\000");
	assert_program_has("\", 300) != 300) // = 300\n");
}

static void test_nothing_to_do(void **state)
{
	char buf[10];
	int fds[2];

	(void)state;
	assert_int_equal(sys_socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	assert_int_equal(sys_recv(fds[0], buf, 10, MSG_DONTWAIT), -EAGAIN);
	sys_close(fds[0]);
	sys_close(fds[1]);
	assert_program_has("\t// recv(%d, \"\", 10, MSG_DONTWAIT) = -1 EAGAIN (", fds[0]);
	assert_null(strstr(str_c(&program), "await"));
}

static void test_options(void **state)
{
	const struct linger linger = {1, 5};
	const struct timeval tv = {0, 500000};
	int fd = sys_socket(AF_INET, SOCK_STREAM, 0);
	struct linger got;
	int value = 0;
	socklen_t len = sizeof(value);

	(void)state;
	sys_setsockopt_int(fd, IPPROTO_TCP, TCP_NODELAY, 1);
	sys_setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
	sys_setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv));
	sys_setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, "lo", 2);
	sys_getsockopt(fd, SOL_SOCKET, SO_TYPE, &value, &len);
	sys_getsockopt(fd, 4242, 99, &value, &len);
	len = sizeof(got);
	sys_getsockopt(fd, SOL_SOCKET, SO_LINGER, &got, &len);
	sys_close(fd);
	assert_program_has("setsockopt(fd%d, IPPROTO_TCP, TCP_NODELAY, &(int){1}, 4) < 0)", fd);
	assert_program_has("SO_LINGER, &(struct linger){.l_onoff = 1, .l_linger = 5}, 8) < 0)");
	assert_program_has("SO_RCVTIMEO, &(struct timeval){.tv_sec = 0, .tv_usec = 500000}, ");
	assert_program_has("SO_BINDTODEVICE, \"lo\", 2) < 0)");
	assert_program_has("\tnumber = 0;\n"
			   "\tif (getsockopt(fd%d, SOL_SOCKET, SO_TYPE, &number, "
			   "&(socklen_t){sizeof(number)}) < 0) // = 0 SOCK_STREAM\n"
			   "\t\tfail(\"getsockopt\");\n",
		fd);
	assert_program_has("getsockopt(fd%d, 4242, 99, &number, &(socklen_t){sizeof(number)}) < 0) "
			   "// = -1 EOPNOTSUPP (Operation not supported)\n"
			   "\t\tperror(\"getsockopt\");\n",
		fd);
	assert_program_has("\tmemset(value, 0, sizeof(value));\n"
			   "\tif (getsockopt(fd%d, SOL_SOCKET, SO_LINGER, value, &(socklen_t){8}) ",
		fd);
}

static void test_names(void **state)
{
	const struct addrinfo hints = {.ai_flags = AI_NUMERICHOST, .ai_socktype = SOCK_STREAM};
	struct addrinfo *list;
	unsigned char bytes[4];
	char text[INET6_ADDRSTRLEN];

	(void)state;
	assert_int_equal(sys_getaddrinfo("::1", NULL, &hints, &list), 0);
	freeaddrinfo(list);
	sys_inet_pton(AF_INET, "1.2.3.200", bytes);
	sys_inet_ntop(AF_INET, bytes, text);
	assert_program_has("\tcode = getaddrinfo(\"::1\", NULL, &(struct addrinfo){"
			   ".ai_flags = AI_NUMERICHOST, .ai_family = AF_UNSPEC, "
			   ".ai_socktype = SOCK_STREAM, .ai_protocol = 0}, &list); // = 0\n"
			   "\tif (code != 0)\n"
			   "\t\tfail_lookup(\"getaddrinfo\");\n"
			   "\tshow_addresses(list);\n"
			   "\tfreeaddrinfo(list);\n");
	assert_program_has("inet_pton(AF_INET, \"1.2.3.200\", buf)");
	assert_program_has("inet_ntop(AF_INET, \"\\001\\002\\003\\310\", buf, 46)");
}

static void test_tls(void **state)
{
	char buf[10] = "";
	int fds[2];

	(void)state;
	assert_int_equal(sys_socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	trace_c_add_tls(fds[0]);
	trace_c_add_tls(fds[0]); // is said once
	sys_send(fds[0], buf, 3, 0);
	sys_close(fds[0]);
	sys_close(fds[1]);
	assert_program_has("\tfputs(\"TLS: ciphertext cannot be replayed\\n\", stderr);\n"
			   "\texit(1);\n"
			   "\t// send(%d, ",
		fds[0]);
}

// A line must not draw the next one into its comment.
static void test_backslash_at_the_end(void **state)
{
	const struct trace_call call = {
		.name = "getservent", .value = "\\", .process = getpid(), .thread = getpid()};

	(void)state;
	trace_c_add(&call);
	assert_program_has("\tshow_service(getservent()); // = \\.\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_nothing, start, stop),
		cmocka_unit_test_setup_teardown(test_descriptors_have_names, start, stop),
		cmocka_unit_test_setup_teardown(test_addresses, start, stop),
		cmocka_unit_test_setup_teardown(test_address_that_was_chosen, start, stop),
		cmocka_unit_test_setup_teardown(test_data, start, stop),
		cmocka_unit_test_setup_teardown(test_nothing_to_do, start, stop),
		cmocka_unit_test_setup_teardown(test_options, start, stop),
		cmocka_unit_test_setup_teardown(test_names, start, stop),
		cmocka_unit_test_setup_teardown(test_tls, start, stop),
		cmocka_unit_test_setup_teardown(test_backslash_at_the_end, start, stop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
