// SPDX-License-Identifier: ISC
#include "proxy/carry.h"

#include "io/watch.h"
#include "proxy/http.h"
#include "proxy/socks.h"
#include "unit.h"

#include <arpa/inet.h>
#include <fcntl.h>

#define BEHIND "SSH-2.0-x\r\n"

static const struct proxy_target target = {.name = "h", .port = 0x1234};
static const struct credentials none;

// Two ends of a connection: ours does not wait.
static void connect_pair(int family, int fds[2])
{
	struct sockaddr_in sin = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(sin);
	int fd;

	if (family == AF_UNIX) {
		assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	} else {
		fd = socket(AF_INET, SOCK_STREAM, 0);
		assert_int_equal(bind(fd, (struct sockaddr *)&sin, len), 0);
		assert_int_equal(listen(fd, 1), 0);
		assert_int_equal(getsockname(fd, (struct sockaddr *)&sin, &len), 0);
		fds[0] = socket(AF_INET, SOCK_STREAM, 0);
		assert_int_equal(connect(fds[0], (struct sockaddr *)&sin, len), 0);
		fds[1] = accept(fd, NULL, NULL);
		close(fd);
	}
	assert_int_equal(fcntl(fds[0], F_SETFL, O_NONBLOCK), 0);
}

// Goes on as far as it can; what it waits for is an answer.
static enum dialogue_step carry(struct dialogue *d, int fd)
{
	unsigned wants = 0;
	struct channel c;
	enum dialogue_step step;

	channel_init_socket(&c, NULL, fd, true);
	step = dialogue_carry(d, &c, &wants);

	if (step == DIALOGUE_MORE)
		assert_int_equal(wants, WATCH_READ);
	return step;
}

static void expect(int fd, const char *bytes, size_t len)
{
	char buf[512];

	assert_int_equal(recv(fd, buf, sizeof(buf), 0), len);
	assert_memory_equal(buf, bytes, len);
}

// The target's first bytes are still there, whole, however the answers were cut.
static void test_nothing_is_taken(void **state)
{
	static const char reply[] = "\5\0\0\1\1\2\3\4\x12\x34" BEHIND;
	size_t len = sizeof(reply) - 1;
	struct socks s;
	int fds[2];

	(void)state;
	for (size_t cut = 1; cut <= len; cut++) {
		enum dialogue_step step;

		connect_pair(AF_UNIX, fds);
		assert_int_equal(socks5_init(&s, &target, &none, NULL), DIALOGUE_MORE);
		assert_int_equal(carry(&s.dialogue, fds[0]), DIALOGUE_MORE);
		expect(fds[1], "\5\1\0", 3);
		assert_int_equal(send(fds[1], "\5", 1, 0), 1);
		assert_int_equal(carry(&s.dialogue, fds[0]), DIALOGUE_MORE);
		assert_int_equal(send(fds[1], "\0", 1, 0), 1);
		assert_int_equal(carry(&s.dialogue, fds[0]), DIALOGUE_MORE);
		expect(fds[1], "\5\1\0\3\1h\x12\x34", 8);
		assert_int_equal(send(fds[1], reply, cut, 0), cut);
		step = carry(&s.dialogue, fds[0]);
		assert_int_equal(step, cut < 10 ? DIALOGUE_MORE : DIALOGUE_DONE);
		if (cut < len)
			assert_int_equal(send(fds[1], reply + cut, len - cut, 0), len - cut);
		if (step == DIALOGUE_MORE)
			assert_int_equal(carry(&s.dialogue, fds[0]), DIALOGUE_DONE);
		expect(fds[0], BEHIND, strlen(BEHIND));
		dialogue_fini(&s.dialogue);
		close(fds[0]);
		close(fds[1]);
	}
}

// A head that is longer than what is looked at in one go.
static void test_long_head(void **state)
{
	struct http_connect c;
	struct str answer = {0};
	bool with_credentials = false;
	int fds[2];

	(void)state;
	connect_pair(AF_UNIX, fds);
	str_add(&answer, "HTTP/1.1 200 OK\r\nX: ");
	str_add_repeated(&answer, 'x', 10000);
	str_add(&answer, "\r\n\r\n" BEHIND);
	http_connect_init(&c, &target, &none, &with_credentials, NULL);
	assert_int_equal(carry(&c.dialogue, fds[0]), DIALOGUE_MORE);
	assert_int_equal(send(fds[1], answer.data, answer.len, 0), answer.len);
	assert_int_equal(carry(&c.dialogue, fds[0]), DIALOGUE_DONE);
	expect(fds[0], BEHIND, strlen(BEHIND));
	dialogue_fini(&c.dialogue);
	str_fini(&answer);
	close(fds[0]);
	close(fds[1]);
}

static void check_failure(struct dialogue *d, int fd, enum proxy_fault fault, const char *want)
{
	assert_int_equal(carry(d, fd), DIALOGUE_FAILED);
	assert_int_equal(d->failure.fault, fault);
	assert_str_becomes(&d->failure.text, want);
	dialogue_fini(d);
	close(fd);
}

static void test_ends(void **state)
{
	struct linger linger = {.l_onoff = 1};
	struct socks s;
	int fds[2];

	(void)state;
	connect_pair(AF_INET, fds);
	socks4_init(&s, &target, &none, NULL);
	assert_int_equal(carry(&s.dialogue, fds[0]), DIALOGUE_MORE);
	shutdown(fds[1], SHUT_WR);
	check_failure(
		&s.dialogue, fds[0], PROXY_BROKEN, "ended the connection before it had answered");
	close(fds[1]);

	connect_pair(AF_INET, fds);
	socks4_init(&s, &target, &none, NULL);
	assert_int_equal(carry(&s.dialogue, fds[0]), DIALOGUE_MORE);
	setsockopt(fds[1], SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
	close(fds[1]);
	check_failure(&s.dialogue, fds[0], PROXY_BROKEN,
		"ended the connection before it had answered: Connection reset by peer "
		"(ECONNRESET)");

	// Who has said why and takes no more is heard.
	connect_pair(AF_UNIX, fds);
	socks4_init(&s, &target, &none, NULL);
	assert_int_equal(send(fds[1], "\0\x5b\0\0\0\0\0\0", 8, 0), 8);
	close(fds[1]);
	assert_int_equal(carry(&s.dialogue, fds[0]), DIALOGUE_MORE);
	check_failure(&s.dialogue, fds[0], PROXY_REFUSED,
		"rejected the request or could not connect (SOCKS4 reply 91)");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nothing_is_taken),
		cmocka_unit_test(test_long_head),
		cmocka_unit_test(test_ends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
