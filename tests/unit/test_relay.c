// SPDX-License-Identifier: ISC
// A relay between pipes, as stdin and stdout, and a TCP connection.
#include "relay/relay.h"

#include "loop.h"
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>

// The relay, with the far ends in the hands of the test. -1: closed.
struct joint {
	struct relay r;
	struct channel local, peer;
	int in, out; // the relay's
	int to_in; // writes what the relay reads from its input
	int from_out; // reads what the relay writes
	int far; // the other end of the connection
	bool done;
};

static void on_done(struct relay *r)
{
	struct joint *j = r->data;

	assert_false(j->done);
	j->done = true;
}

static void close_end(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static void nothing_seen(struct flow *f, const void *data, size_t len)
{
	(void)f;
	(void)data;
	(void)len;
}

// With COPY the bytes pass through the program, as they do for a hex dump.
static void start(struct joint *j, const struct relay_policy *policy, bool copy)
{
	assert_int_equal(relay_init(&j->r, &(struct relay_options){.pool = &pool,
						   .local = &j->local,
						   .peer = &j->peer,
						   .policy = *policy,
						   .done = on_done,
						   .data = j}),
		0);
	if (copy)
		flow_own(&j->r.in)->tap = flow_own(&j->r.out)->tap = nothing_seen;
	relay_start(&j->r);
}

static void join_from(struct joint *j, const struct relay_policy *policy, int in, bool copy)
{
	int fds[2];

	assert_int_equal(pipe(fds), 0);
	j->from_out = fds[0];
	j->out = fds[1];
	tcp_pair(fds);
	j->far = fds[1];
	assert_int_equal(channel_init_stdio(&j->local, &loop, in, j->out), 0);
	channel_init_socket(&j->peer, &loop, fds[0], true);
	start(j, policy, copy);
}

static void join_by(struct joint *j, const struct relay_policy *policy, bool copy)
{
	int fds[2];

	*j = (struct joint){0};
	assert_int_equal(pipe(fds), 0);
	j->in = fds[0];
	j->to_in = fds[1];
	join_from(j, policy, j->in, copy);
}

static void join(struct joint *j, const struct relay_policy *policy)
{
	join_by(j, policy, false);
}

static void part(struct joint *j)
{
	relay_fini(&j->r);
	j->out = j->local.out; // -1 if the relay has closed it
	channel_fini(&j->local);
	channel_fini(&j->peer);
	close_end(&j->in);
	close_end(&j->out);
	close_end(&j->to_in);
	close_end(&j->from_out);
	close_end(&j->far);
}

static void put(int fd, const char *text)
{
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
}

// Lets the loop run until FD has TEXT, and nothing else, to be read.
static void expect(int fd, const char *text)
{
	char buf[64] = "";
	size_t got = 0;

	assert_int_equal(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
	for (int i = 0; i < 1000 && got < strlen(text); i++) {
		ssize_t n = read(fd, buf + got, sizeof(buf) - 1 - got);

		if (n > 0)
			got += (size_t)n;
		else
			loop_for(1);
	}
	assert_string_equal(buf, text);
}

static void expect_end(int fd)
{
	char c;
	ssize_t n = -1;

	assert_int_equal(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
	for (int i = 0; i < 1000 && (n = read(fd, &c, 1)) < 0; i++)
		loop_for(1);
	assert_int_equal(n, 0);
}

static void expect_outcome(struct joint *j, enum relay_outcome outcome, int error)
{
	loop_until(&j->done);
	assert_int_equal(j->r.outcome, outcome);
	assert_int_equal(j->r.error, error);
}

static void assert_goes_on(struct joint *j)
{
	assert_in_range(loop_for(50), 0, 20); // calmly
	assert_false(j->done);
}

static const struct relay_policy both = {.until = UNTIL_BOTH};

// The end of the input is passed on, and the answer to it still comes.
static void test_request_and_answer(void **state)
{
	struct joint j;

	(void)state;
	join(&j, &both);
	put(j.to_in, "request");
	expect(j.far, "request");
	close_end(&j.to_in);
	expect_end(j.far);
	assert_goes_on(&j);
	put(j.far, "answer");
	close_end(&j.far);
	expect_outcome(&j, RELAY_DONE, 0);
	expect(j.from_out, "answer");
	expect_end(j.from_out);
	assert_int_equal(relay_unsent(&j.r), 0);
	part(&j);
}

// A peer that has only half-closed still gets the rest.
static void test_peer_ends_first(void **state)
{
	struct joint j;

	(void)state;
	join(&j, &both);
	put(j.far, "all I have to say");
	shutdown(j.far, SHUT_WR);
	expect(j.from_out, "all I have to say");
	expect_end(j.from_out);
	assert_goes_on(&j);
	put(j.to_in, "but I have more");
	expect(j.far, "but I have more");
	close_end(&j.to_in);
	expect_outcome(&j, RELAY_DONE, 0);
	expect_end(j.far);
	part(&j);
}

static void test_until_peer(void **state)
{
	static const struct relay_policy policies[] = {
		{.until = UNTIL_PEER}, {.until = UNTIL_BOTH, .end_with_peer = true}};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(policies); i++) {
		struct joint j;

		join(&j, &policies[i]);
		put(j.far, "bye");
		shutdown(j.far, SHUT_WR);
		expect_outcome(&j, RELAY_DONE, 0);
		expect(j.from_out, "bye");
		part(&j);
	}
}

static void test_until_input(void **state)
{
	static const struct relay_policy policy = {.until = UNTIL_INPUT};
	struct joint j;

	(void)state;
	join(&j, &policy);
	put(j.to_in, "last words");
	close_end(&j.to_in);
	expect_outcome(&j, RELAY_DONE, 0);
	expect(j.far, "last words");
	part(&j);
}

static void test_end_is_kept_back(void **state)
{
	static const struct relay_policy policy = {.shutdown = SHUTDOWN_NEVER};
	struct joint j;
	char c;

	(void)state;
	join(&j, &policy);
	put(j.to_in, "x");
	close_end(&j.to_in);
	expect(j.far, "x");
	assert_goes_on(&j);
	assert_int_equal(recv(j.far, &c, 1, MSG_DONTWAIT), -1);
	put(j.far, "y");
	close_end(&j.far);
	expect_outcome(&j, RELAY_DONE, 0);
	expect(j.from_out, "y");
	part(&j);
}

static void test_idle(void **state)
{
	static const struct relay_policy policy = {.idle_ms = 500};
	struct joint j;

	(void)state;
	join(&j, &policy);
	for (int i = 0; i < 5; i++) { // longer than the idle time, but never idle
		put(j.to_in, "x");
		loop_for(150);
		assert_false(j.done);
	}
	expect_outcome(&j, RELAY_IDLE, -ETIMEDOUT);
	expect(j.far, "xxxxx");
	part(&j);
}

static void reset(int *fd)
{
	const struct linger l = {1, 0};

	assert_int_equal(setsockopt(*fd, SOL_SOCKET, SO_LINGER, &l, sizeof(l)), 0);
	close_end(fd);
}

static void test_reset(void **state)
{
	struct joint j;

	(void)state;
	join(&j, &both);
	put(j.far, "before");
	expect(j.from_out, "before");
	reset(&j.far);
	expect_outcome(&j, RELAY_PEER_FAILED, -ECONNRESET);
	part(&j);
}

// Also when the peer had ended its own direction in order, and nothing is being sent.
static void test_reset_after_the_end(void **state)
{
	struct joint j;

	(void)state;
	join(&j, &both);
	shutdown(j.far, SHUT_WR);
	expect_end(j.from_out);
	put(j.to_in, "unread");
	loop_for(20);
	reset(&j.far);
	loop_until(&j.done);
	assert_int_equal(j.r.outcome, RELAY_PEER_FAILED);
	assert_true(j.r.error == -ECONNRESET || j.r.error == -EPIPE);
	part(&j);
}

// A reader of the output that goes away is noticed while nothing arrives.
static void test_reader_goes_away(void **state)
{
	(void)state;
	for (int copy = 0; copy < 2; copy++) {
		struct joint j;

		join_by(&j, &both, copy);
		assert_goes_on(&j);
		close_end(&j.from_out);
		expect_outcome(&j, RELAY_OUTPUT_FAILED, -EPIPE);
		part(&j);
	}
}

static void test_full_disk(void **state)
{
	struct joint j = {.to_in = -1, .from_out = -1};
	int fds[2];

	(void)state;
	j.in = open("/dev/null", O_RDONLY);
	j.out = open("/dev/full", O_WRONLY);
	tcp_pair(fds);
	j.far = fds[1];
	assert_int_equal(channel_init_stdio(&j.local, &loop, j.in, j.out), 0);
	channel_init_socket(&j.peer, &loop, fds[0], true);
	start(&j, &both, false);
	put(j.far, "too much");
	expect_outcome(&j, RELAY_OUTPUT_FAILED, -ENOSPC);
	part(&j);
}

static void test_unreadable_input(void **state)
{
	struct joint j = {.to_in = -1};

	(void)state;
	j.in = open("/", O_RDONLY | O_DIRECTORY);
	join_from(&j, &both, j.in, false);
	expect_outcome(&j, RELAY_INPUT_FAILED, -EISDIR);
	part(&j);
}

// What did not reach a peer that is gone is known.
static void test_unsent(void **state)
{
	static char block[65536];
	struct joint j;
	size_t taken = 0;
	ssize_t n;

	(void)state;
	join(&j, &both);
	assert_int_equal(fcntl(j.to_in, F_SETFL, O_NONBLOCK), 0);
	for (int calm = 0; calm < 3; calm++) {
		while ((n = write(j.to_in, block, sizeof(block))) > 0) {
			taken += (size_t)n;
			calm = 0;
		}
		loop_for(10);
	}
	assert_goes_on(&j); // the peer does not read, and nobody spins
	reset(&j.far);
	loop_until(&j.done);
	assert_int_equal(j.r.outcome, RELAY_PEER_FAILED);
	assert_true(j.r.out.received <= taken);
	assert_int_equal(relay_unsent(&j.r), j.r.out.received - j.r.out.sent);
	part(&j);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		loop_test(test_request_and_answer),
		loop_test(test_peer_ends_first),
		loop_test(test_until_peer),
		loop_test(test_until_input),
		loop_test(test_end_is_kept_back),
		loop_test(test_idle),
		loop_test(test_reset),
		loop_test(test_reset_after_the_end),
		loop_test(test_reader_goes_away),
		loop_test(test_full_disk),
		loop_test(test_unreadable_input),
		loop_test(test_unsent),
	};

	signal(SIGPIPE, SIG_IGN); // as the program does
	return cmocka_run_group_tests(tests, NULL, NULL);
}
