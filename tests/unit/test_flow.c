// SPDX-License-Identifier: ISC
// One direction of a relay between real descriptors, stepped by hand.
#include "relay/flow.h"

#include "relay/filter.h"
#include "rig.h"
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>

static void feed(struct rig *r, const char *text)
{
	assert_int_equal(write(r->feed, text, strlen(text)), strlen(text));
}

// Reads exactly TEXT from the sink.
static void expect(struct rig *r, const char *text)
{
	char buf[256] = "";
	size_t len = strlen(text);

	assert_true(len < sizeof(buf));
	for (size_t got = 0; got < len;) {
		ssize_t n = read(r->sink, buf + got, len - got);

		assert_true(n > 0);
		got += (size_t)n;
	}
	assert_string_equal(buf, text);
}

static void expect_end(struct rig *r)
{
	char c;

	assert_int_equal(read(r->sink, &c, 1), 0);
}

static void expect_nothing(struct rig *r)
{
	char c;

	assert_int_equal(recv(r->sink, &c, 1, MSG_DONTWAIT), -1);
	assert_int_equal(errno, EAGAIN);
}

static void test_passes_on_and_waits(void **state)
{
	struct rig r;

	(void)state;
	rig_init(&r, SOCKET, SOCKET);
	flow_start(&r.f);
	assert_false(flow_step(&r.f));
	assert_true(r.f.want_src);
	assert_false(r.f.want_dst);

	feed(&r, "hello");
	flow_step(&r.f);
	expect(&r, "hello");
	assert_int_equal(r.f.state, FLOW_OPEN);
	assert_true(r.f.want_src);
	assert_int_equal(r.f.received, 5);
	assert_int_equal(r.f.sent, 5);
	rig_fini(&r);
}

static void test_end_is_passed_on(void **state)
{
	struct rig r;

	(void)state;
	rig_init(&r, SOCKET, SOCKET);
	flow_start(&r.f);
	feed(&r, "last words");
	end_feed(&r);
	while (!flow_has_ended(&r.f))
		flow_step(&r.f);
	assert_int_equal(r.f.state, FLOW_SHUT);
	assert_false(r.f.want_src || r.f.want_dst);
	assert_int_equal(flow_undelivered(&r.f), 0);
	expect(&r, "last words");
	expect_end(&r);
	assert_false(flow_step(&r.f));
	assert_int_equal(r.f.state, FLOW_SHUT);
	rig_fini(&r);
}

static void test_end_may_stay_untold(void **state)
{
	struct rig r;

	(void)state;
	rig_init(&r, SOCKET, SOCKET);
	r.f.shut_how = -1;
	flow_start(&r.f);
	end_feed(&r);
	while (!flow_has_ended(&r.f))
		flow_step(&r.f);
	assert_int_equal(r.f.state, FLOW_SHUT);
	expect_nothing(&r);
	rig_fini(&r);
}

// Fills the way to a sink that does not read. Returns how many bytes were fed.
static size_t stall(struct rig *r)
{
	static char block[8192];
	size_t fed = 0;

	assert_int_equal(fcntl(r->feed, F_SETFL, O_NONBLOCK), 0);
	while (!r->f.want_dst) {
		ssize_t n = write(r->feed, block, sizeof(block));

		fed += (size_t)MAX(n, 0);
		flow_step(&r->f);
	}
	return fed;
}

static size_t count_rest(struct rig *r)
{
	char buf[8192];
	size_t total = 0;
	ssize_t n;

	while ((n = recv(r->sink, buf, sizeof(buf), MSG_DONTWAIT)) > 0)
		total += (size_t)n;
	return total;
}

static void check_backpressure(bool copy)
{
	struct rig r;
	size_t fed;
	size_t got = 0;

	rig_init(&r, SOCKET, SOCKET);
	if (copy)
		force_copy(&r);
	flow_start(&r.f);
	fed = stall(&r);
	assert_false(r.f.want_src);
	assert_int_equal(r.f.received - r.f.sent, flow_undelivered(&r.f));
	assert_true(flow_undelivered(&r.f) > 0);
	assert_int_equal(r.f.state, FLOW_OPEN);

	end_feed(&r);
	while (!flow_has_ended(&r.f)) {
		got += count_rest(&r);
		flow_step(&r.f);
	}
	got += count_rest(&r);
	assert_int_equal(r.f.state, FLOW_SHUT);
	assert_int_equal(got, fed);
	assert_int_equal(r.f.sent, fed);
	expect_end(&r);
	rig_fini(&r);
}

static void test_backpressure(void **state)
{
	(void)state;
	check_backpressure(true);
	check_backpressure(false);
}

// Told to finish, a flow takes nothing more and delivers what it has.
static void check_finish(bool copy)
{
	struct rig r;
	size_t got = 0;

	rig_init(&r, SOCKET, SOCKET);
	if (copy)
		force_copy(&r);
	flow_start(&r.f);
	stall(&r);

	uint64_t received = r.f.received;

	flow_finish(&r.f);
	assert_int_equal(r.f.state, FLOW_DRAIN);
	flow_step(&r.f);
	assert_int_equal(r.f.state, FLOW_DRAIN);
	while (!flow_has_ended(&r.f)) {
		got += count_rest(&r);
		flow_step(&r.f);
	}
	got += count_rest(&r);
	assert_int_equal(r.f.state, FLOW_SHUT);
	assert_int_equal(r.f.received, received);
	assert_int_equal(got, received);
	rig_fini(&r);
}

static void test_finish(void **state)
{
	(void)state;
	check_finish(true);
	check_finish(false);
}

static void check_broken_destination(bool copy)
{
	struct rig r;

	rig_init(&r, SOCKET, SOCKET);
	if (copy)
		force_copy(&r);
	flow_start(&r.f);
	close_if_open(&r.sink);
	feed(&r, "lost");
	flow_step(&r.f);
	assert_int_equal(r.f.state, FLOW_FAILED);
	assert_int_equal(r.f.failed, FLOW_DST);
	assert_int_equal(r.f.error, -EPIPE);
	assert_int_equal(flow_undelivered(&r.f), r.f.received - r.f.sent); // which is not all there
	assert_false(r.f.want_src || r.f.want_dst);
	assert_false(flow_step(&r.f));
	assert_int_equal(r.f.sent, 0);
	rig_fini(&r);
}

static void test_broken_destination(void **state)
{
	(void)state;
	check_broken_destination(true);
	check_broken_destination(false);
}

static void test_broken_source(void **state)
{
	const struct linger reset = {1, 0};

	(void)state;
	for (int copy = 0; copy < 2; copy++) {
		struct rig r;

		rig_init(&r, TCP, SOCKET);
		if (copy)
			force_copy(&r);
		flow_start(&r.f);
		setsockopt(r.feed, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
		end_feed(&r);
		while (!flow_has_ended(&r.f))
			flow_step(&r.f);
		assert_int_equal(r.f.state, FLOW_FAILED);
		assert_int_equal(r.f.failed, FLOW_SRC);
		assert_int_equal(r.f.error, -ECONNRESET);
		expect_nothing(&r); // a failure is not passed on as an end
		rig_fini(&r);
	}
}

static void test_break(void **state)
{
	struct rig r;

	(void)state;
	rig_init(&r, SOCKET, SOCKET);
	flow_start(&r.f);
	flow_step(&r.f);
	flow_break(&r.f, FLOW_DST, -ECONNRESET);
	assert_int_equal(r.f.state, FLOW_FAILED);
	assert_int_equal(r.f.error, -ECONNRESET);
	assert_false(r.f.want_src || r.f.want_dst);
	feed(&r, "ignored");
	flow_step(&r.f);
	flow_finish(&r.f);
	assert_int_equal(r.f.state, FLOW_FAILED);
	expect_nothing(&r);
	rig_fini(&r);
}

static void check_inject(bool copy)
{
	struct rig r;

	rig_init(&r, SOCKET, SOCKET);
	if (copy)
		force_copy(&r);
	flow_start(&r.f);
	feed(&r, "one ");
	flow_step(&r.f);
	flow_inject(&r.f, "two ", 4);
	assert_int_equal(flow_undelivered(&r.f), 4);
	feed(&r, "three");
	flow_step(&r.f);
	expect(&r, "one two three");
	assert_int_equal(r.f.received, 9);
	assert_int_equal(r.f.sent, 13);

	end_feed(&r);
	while (!flow_has_ended(&r.f))
		flow_step(&r.f);
	flow_inject(&r.f, "too late", 8);
	assert_int_equal(flow_undelivered(&r.f), 0);
	rig_fini(&r);
}

static void test_inject(void **state)
{
	(void)state;
	check_inject(true);
	check_inject(false);
}

static struct str seen;

static void record(struct flow *f, const void *data, size_t len)
{
	(void)f;
	str_addn(&seen, data, len);
}

// The tap sees what is on the wire, on whichever side that is.
static void test_filter_and_tap(void **state)
{
	(void)state;
	for (int before = 0; before < 2; before++) {
		struct rig r;
		struct crlf_filter crlf;

		rig_init(&r, SOCKET, SOCKET);
		crlf_filter_init(&crlf);
		flow_own(&r.f)->filter = &crlf.filter;
		flow_own(&r.f)->tap = record;
		r.f.tap_before_filter = before;
		flow_start(&r.f);
		feed(&r, "a\n");
		flow_step(&r.f);
		feed(&r, "\n");
		flow_step(&r.f);
		expect(&r, "a\r\n\r\n");
		assert_string_equal(str_c(&seen), before ? "a\n\n" : "a\r\n\r\n");
		assert_int_equal(r.f.received, 3);
		assert_int_equal(r.f.sent, 5);
		str_fini(&seen);
		rig_fini(&r);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_passes_on_and_waits),
		cmocka_unit_test(test_end_is_passed_on),
		cmocka_unit_test(test_end_may_stay_untold),
		cmocka_unit_test(test_backpressure),
		cmocka_unit_test(test_finish),
		cmocka_unit_test(test_broken_destination),
		cmocka_unit_test(test_broken_source),
		cmocka_unit_test(test_break),
		cmocka_unit_test(test_inject),
		cmocka_unit_test(test_filter_and_tap),
	};

	signal(SIGPIPE, SIG_IGN); // as the program does
	return cmocka_run_group_tests(tests, NULL, NULL);
}
