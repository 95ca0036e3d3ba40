// SPDX-License-Identifier: ISC
// The trace as real calls make it.
#include "sys/trace.h"

#include "base/sockaddr.h"
#include "sys/inet.h"
#include "sys/netdb.h"
#include "sys/file.h"
#include "sys/resolver.h"
#include "sys/socket.h"
#include "sys/trace_secret.h"
#include "sys/trace_text.h"
#include "unit.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdio.h>

static struct str last; // the call that was traced last
static unsigned calls;

static void on_call(const struct trace_call *call, void *arg)
{
	assert_ptr_equal(arg, &last);
	assert_true(call->start > 0 && call->start + call->duration <= trace_now());
	str_clear(&last);
	trace_format(&last, call);
	calls++;
	errno = EDOM; // what a sink does to errno must not reach the caller
}

static int start(void **state)
{
	(void)state;
	calls = 0;
	trace_set_sink(on_call, &last);
	return 0;
}

static int stop(void **state)
{
	(void)state;
	trace_set_sink(NULL, NULL);
	str_fini(&last);
	return 0;
}

// Checks the last line, in which %d stands for FD.
attr_printf(1, 2) static void assert_traced(const char *fmt, ...)
{
	struct str want = {0};
	va_list ap;

	va_start(ap, fmt);
	str_vaddf(&want, fmt, ap);
	va_end(ap);
	assert_string_equal(str_c(&last), str_c(&want));
	str_fini(&want);
}

static struct sockaddr_any loopback(uint16_t port)
{
	return (struct sockaddr_any){.in = {.sin_family = AF_INET,
					     .sin_port = htons(port),
					     .sin_addr = {htonl(INADDR_LOOPBACK)}},
		.len = sizeof(struct sockaddr_in)};
}

static void test_sockets(void **state)
{
	struct sockaddr_any a = loopback(0);
	struct sockaddr_any peer;
	int listener = sys_socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, IPPROTO_TCP);

	(void)state;
	assert_traced("socket(AF_INET, SOCK_STREAM|SOCK_CLOEXEC, IPPROTO_TCP) = %d", listener);
	assert_int_equal(sys_bind(listener, &a.sa, a.len), 0);
	assert_traced("bind(%d, 127.0.0.1:0) = 0", listener);
	assert_int_equal(sys_getsockname(listener, &a), 0);
	assert_traced("getsockname(%d, 127.0.0.1:%u) = 0", listener, sockaddr_port(&a));

	int client = sys_socket(AF_INET, SOCK_STREAM, 0);

	assert_traced("socket(AF_INET, SOCK_STREAM, 0) = %d", client);
	assert_int_equal(sys_connect(client, &a.sa, a.len), -ECONNREFUSED);
	assert_traced("connect(%d, 127.0.0.1:%u) = -1 ECONNREFUSED (Connection refused)", client,
		sockaddr_port(&a));
	assert_int_equal(sys_listen(listener, 5), 0);
	assert_traced("listen(%d, 5) = 0", listener);
	assert_int_equal(sys_connect(client, &a.sa, a.len), 0);

	int server = sys_accept(listener, &peer, SOCK_NONBLOCK | SOCK_CLOEXEC);

	assert_traced("accept4(%d, 127.0.0.1:%u, SOCK_CLOEXEC|SOCK_NONBLOCK) = %d", listener,
		sockaddr_port(&peer), server);
	assert_int_equal(sys_getpeername(server, &a), 0);
	assert_traced("getpeername(%d, 127.0.0.1:%u) = 0", server, sockaddr_port(&peer));
	assert_int_equal(sys_shutdown(client, SHUT_WR), 0);
	assert_traced("shutdown(%d, SHUT_WR) = 0", client);
	assert_int_equal(sys_close(client), 0);
	assert_traced("close(%d) = 0", client);
	assert_int_equal(sys_close(client), -EBADF);
	assert_traced("close(%d) = -1 EBADF (Bad file descriptor)", client);
	sys_close(server);
	sys_close(listener);
}

static void test_data(void **state)
{
	static const char text[] = "0123456789012345678901234567890123456789";
	char buf[100];
	int fds[2];

	(void)state;
	assert_int_equal(sys_socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	assert_traced("socketpair(AF_UNIX, SOCK_STREAM, 0, [%d, %d]) = 0", fds[0], fds[1]);
	assert_int_equal(sys_send(fds[0], "\x1b\xff\n", 3, MSG_NOSIGNAL), 3);
	assert_traced("send(%d, \"\\x1b\\xff\\n\", 3, MSG_NOSIGNAL) = 3", fds[0]);
	assert_int_equal(sys_recv(fds[1], buf, sizeof(buf), MSG_DONTWAIT), 3);
	assert_traced("recv(%d, \"\\x1b\\xff\\n\", 100, MSG_DONTWAIT) = 3", fds[1]);
	assert_int_equal(sys_send(fds[0], "a\"b\\", 4, 0), 4);
	assert_traced("send(%d, \"a\\\"b\\\\\", 4, 0) = 4", fds[0]);
	assert_int_equal(sys_recv(fds[1], buf, sizeof(buf), 0), 4);
	assert_int_equal(sys_recv(fds[1], buf, sizeof(buf), MSG_DONTWAIT), -EAGAIN);
	assert_traced("recv(%d, \"\", 100, MSG_DONTWAIT) = -1 EAGAIN "
		      "(Resource temporarily unavailable)",
		fds[1]);
	assert_int_equal(sys_write(fds[0], text, 32), 32);
	assert_traced("write(%d, \"01234567890123456789012345678901\", 32) = 32", fds[0]);
	assert_int_equal(sys_write(fds[0], text, 33), 33);
	assert_traced("write(%d, \"01234567890123456789012345678901\"..., 33) = 33", fds[0]);
	assert_int_equal(sys_read(fds[1], buf, 4), 4);
	assert_traced("read(%d, \"0123\", 4) = 4", fds[1]);
	sys_close(fds[0]);
	sys_close(fds[1]);
}

// Credentials are masked wherever a call's bytes meet them.
static void test_secret(void **state)
{
	static const char sent[] = "Basic 0123456789abcdef\r\n";
	int fds[2];

	(void)state;
	assert_int_equal(sys_socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	trace_set_secret(sent + 6, 16);
	sys_send(fds[0], sent, 24, 0);
	assert_traced("send(%d, \"Basic <credentials>***\\r\\n\", 24, 0) = 24", fds[0]);
	sys_send(fds[0], sent + 10, 4, 0);
	assert_traced("send(%d, \"<credentials>\", 4, 0) = 4", fds[0]);
	sys_send(fds[0], sent + 20, 4, 0);
	assert_traced("send(%d, \"<credentials>\\r\\n\", 4, 0) = 4", fds[0]);
	sys_send(fds[0], sent, 6, 0);
	assert_traced("send(%d, \"Basic \", 6, 0) = 6", fds[0]);
	sys_send(fds[0], sent + 22, 2, 0);
	assert_traced("send(%d, \"\\r\\n\", 2, 0) = 2", fds[0]);
	trace_set_secret(NULL, 0);
	sys_send(fds[0], sent, 8, 0);
	assert_traced("send(%d, \"Basic 01\", 8, 0) = 8", fds[0]);
	close(fds[0]);
	close(fds[1]);
}

static void test_options(void **state)
{
	int fd = sys_socket(AF_INET, SOCK_STREAM, 0);
	int value = 0;
	socklen_t len = sizeof(value);

	(void)state;
	assert_int_equal(sys_setsockopt_int(fd, IPPROTO_TCP, TCP_NODELAY, 1), 0);
	assert_traced("setsockopt(%d, IPPROTO_TCP, TCP_NODELAY, 1, 4) = 0", fd);
	assert_int_equal(sys_getsockopt(fd, SOL_SOCKET, SO_TYPE, &value, &len), 0);
	assert_traced("getsockopt(%d, SOL_SOCKET, SO_TYPE, SOCK_STREAM, 4) = 0", fd);
	assert_int_equal(sys_getsockopt(fd, 4242, 99, &value, &len), -EOPNOTSUPP);
	assert_traced("getsockopt(%d, 4242, 99, NULL, 4) = -1 EOPNOTSUPP "
		      "(Operation not supported)",
		fd);
	sys_close(fd);
}

static void test_files(void **state)
{
	int fd = sys_open("/dev/null", O_WRONLY | O_CLOEXEC, 0);

	(void)state;
	assert_traced("open(\"/dev/null\", O_WRONLY|O_CLOEXEC, 0) = %d", fd);
	sys_close(fd);
	assert_int_equal(sys_open("/no\x1b/file", O_RDWR | O_CREAT, 0640), -ENOENT);
	assert_traced("open(\"/no\\x1b/file\", O_RDWR|O_CREAT, 0640) = -1 ENOENT "
		      "(No such file or directory)");
	assert_int_equal(sys_fcntl(-1, F_GETFL, 0), -EBADF);
	assert_traced("fcntl(-1, F_GETFL, 0) = -1 EBADF (Bad file descriptor)");
}

static void test_databases(void **state)
{
	struct addrinfo hints = {
		.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV, .ai_socktype = SOCK_STREAM};
	struct addrinfo *res;
	struct sockaddr_any a = loopback(80);
	char host[64];

	(void)state;
	assert_int_equal(sys_getaddrinfo("::1", "80", &hints, &res), 0);
	assert_traced("getaddrinfo(\"::1\", \"80\", {AI_NUMERICHOST|AI_NUMERICSERV, AF_UNSPEC, "
		      "SOCK_STREAM, 0}, [[::1]:80]) = 0");
	freeaddrinfo(res);
	assert_int_equal(sys_getaddrinfo("nowhere", NULL, &hints, &res), EAI_NONAME);
	assert_traced("getaddrinfo(\"nowhere\", NULL, {AI_NUMERICHOST|AI_NUMERICSERV, AF_UNSPEC, "
		      "SOCK_STREAM, 0}, []) = -2 EAI_NONAME");
	assert_int_equal(
		sys_getnameinfo(&a.sa, a.len, host, sizeof(host), NULL, 0, NI_NUMERICHOST), 0);
	assert_traced("getnameinfo(127.0.0.1:80, \"127.0.0.1\", NULL, NI_NUMERICHOST) = 0");
}

// Look-ups that fail on every system, and conversions of which the result is known.
static void test_entries(void **state)
{
	int herr = 0;

	(void)state;
	assert_null(sys_getservbyname("no-such-service", "tcp"));
	assert_traced("getservbyname(\"no-such-service\", \"tcp\") = NULL");
	assert_null(sys_getservbyport(htons(1), "no-such-protocol"));
	assert_traced("getservbyport(1, \"no-such-protocol\") = NULL");
	assert_null(sys_getprotobyname("no-such-protocol"));
	assert_traced("getprotobyname(\"no-such-protocol\") = NULL");
	assert_null(sys_getprotobynumber(-1));
	assert_traced("getprotobynumber(-1) = NULL");
	sys_setnetent(1);
	assert_traced("setnetent(1) = 0");
	sys_endnetent();
	assert_traced("endnetent() = 0");

	const struct hostent *h = sys_gethostbyname("192.0.2.1", &herr);

	assert_non_null(h);
	assert_int_equal(herr, 0);
	assert_traced("gethostbyname(\"192.0.2.1\") = {192.0.2.1, [], AF_INET, 4, [192.0.2.1]}");
}

static void test_conversions(void **state)
{
	unsigned char bytes[16];
	char text[INET6_ADDRSTRLEN];

	(void)state;
	assert_int_equal(sys_ntohl(sys_htonl(0x01020304)), 0x01020304);
	assert_traced("ntohl(%u) = 16909060", htonl(0x01020304));
	assert_int_equal(sys_ntohs(sys_htons(0x0102)), 0x0102);
	assert_traced("ntohs(%u) = 258", htons(0x0102));
	assert_int_equal(sys_inet_pton(AF_INET, "127.0.0.1", bytes), 1);
	assert_traced("inet_pton(AF_INET, \"127.0.0.1\", 7f 00 00 01) = 1");
	assert_string_equal(sys_inet_ntop(AF_INET, bytes, text), "127.0.0.1");
	assert_traced("inet_ntop(AF_INET, 7f 00 00 01, 46) = 127.0.0.1");
	assert_int_equal(sys_inet_pton(AF_INET6, "127.0.0.1", bytes), 0);
	assert_traced("inet_pton(AF_INET6, \"127.0.0.1\", ?) = 0");
	assert_int_equal(sys_inet_addr("255.255.255.255"), INADDR_NONE);
	assert_traced("inet_addr(\"255.255.255.255\") = 4294967295");
	assert_string_equal(sys_inet_ntoa((struct in_addr){htonl(0x01020304)}), "1.2.3.4");
	assert_traced("inet_ntoa(%u) = 1.2.3.4", htonl(0x01020304));
}

static void test_errno_is_kept(void **state)
{
	(void)state;
	errno = ERANGE;
	sys_close(-1);
	assert_int_equal(errno, EBADF);
	assert_int_equal(calls, 1);
}

static void test_off(void **state)
{
	(void)state;
	trace_set_sink(NULL, NULL);
	sys_close(-1);
	assert_int_equal(calls, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_sockets, start, stop),
		cmocka_unit_test_setup_teardown(test_data, start, stop),
		cmocka_unit_test_setup_teardown(test_secret, start, stop),
		cmocka_unit_test_setup_teardown(test_options, start, stop),
		cmocka_unit_test_setup_teardown(test_files, start, stop),
		cmocka_unit_test_setup_teardown(test_databases, start, stop),
		cmocka_unit_test_setup_teardown(test_entries, start, stop),
		cmocka_unit_test_setup_teardown(test_conversions, start, stop),
		cmocka_unit_test_setup_teardown(test_errno_is_kept, start, stop),
		cmocka_unit_test_setup_teardown(test_off, start, stop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
