// SPDX-License-Identifier: ISC
#include "io/watch.h"

#include "loop.h"
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>

#define CALM 20 // wake-ups in 50 ms that are no spinning; a spinning loop has thousands

// A watch and what it has reported.
struct observer {
	struct watch w;
	unsigned events; // all since they were last looked at
	unsigned calls;
	bool called;
	bool end; // call watch_fini() from the callback
};

static void on_event(struct watch *w, unsigned events)
{
	struct observer *o = w->data;

	o->events |= events;
	o->calls++;
	o->called = true;
	if (o->end)
		watch_fini(w);
}

static void observe(struct observer *o, int fd, unsigned flags, unsigned wanted)
{
	*o = (struct observer){0};
	assert_int_equal(watch_init(&o->w, &loop, fd, flags, on_event, o), 0);
	watch_want(&o->w, wanted);
}

// Waits for the next report. Returns it.
static unsigned next_event(struct observer *o)
{
	o->called = false;
	o->events = 0;
	loop_until(&o->called);
	return o->events;
}

static void assert_silent(struct observer *o)
{
	unsigned before = o->calls;

	assert_in_range(loop_for(50), 0, CALM);
	assert_int_equal(o->calls, before);
}

static void make_pair(int fds[2])
{
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
}

static void close_pair(const int fds[2])
{
	close(fds[0]);
	if (fds[1] >= 0)
		close(fds[1]);
}

static void test_reads_when_wanted(void **state)
{
	struct observer o;
	int fds[2];

	(void)state;
	for (unsigned flags = 0; flags <= WATCH_SHARED; flags += WATCH_SHARED) {
		make_pair(fds);
		observe(&o, fds[0], flags, WATCH_READ);
		assert_silent(&o);
		assert_int_equal(write(fds[1], "x", 1), 1);
		assert_int_equal(next_event(&o), WATCH_READ);
		watch_want(&o.w, 0);
		assert_silent(&o); // the byte is still there
		watch_want(&o.w, WATCH_READ);
		assert_int_equal(next_event(&o), WATCH_READ);
		watch_fini(&o.w);
		close_pair(fds);
	}
}

static void test_writes_when_wanted(void **state)
{
	static char block[65536];
	struct observer o;
	int fds[2];

	(void)state;
	for (unsigned flags = 0; flags <= WATCH_SHARED; flags += WATCH_SHARED) {
		make_pair(fds);
		observe(&o, fds[0], flags, WATCH_READ | WATCH_WRITE);
		assert_int_equal(next_event(&o), WATCH_WRITE);
		while (send(fds[0], block, sizeof(block), MSG_DONTWAIT) > 0)
			;
		assert_silent(&o);
		while (recv(fds[1], block, sizeof(block), MSG_DONTWAIT) > 0)
			;
		assert_int_equal(next_event(&o), WATCH_WRITE);
		watch_fini(&o.w);
		close_pair(fds);
	}
}

// The blocking mode belongs to everybody who shares the descriptor.
static void test_mode(void **state)
{
	struct observer o;
	int fds[2];

	(void)state;
	make_pair(fds);
	observe(&o, fds[0], WATCH_SHARED, WATCH_READ);
	assert_int_equal(write(fds[1], "x", 1), 1);
	next_event(&o);
	assert_int_equal(fcntl(fds[0], F_GETFL) & O_NONBLOCK, 0);
	watch_fini(&o.w);

	observe(&o, fds[0], 0, WATCH_READ);
	assert_int_equal(fcntl(fds[0], F_GETFL) & O_NONBLOCK, O_NONBLOCK);
	watch_fini(&o.w);
	close_pair(fds);
}

static void check_always_ready(int fd, unsigned flags)
{
	struct observer o;

	observe(&o, fd, flags, 0);
	assert_true(watch_is_always_ready(&o.w));
	assert_silent(&o);
	watch_want(&o.w, WATCH_READ);
	assert_int_equal(next_event(&o), WATCH_READ);
	assert_int_equal(next_event(&o), WATCH_READ);
	watch_want(&o.w, WATCH_READ | WATCH_WRITE);
	assert_int_equal(next_event(&o), WATCH_READ | WATCH_WRITE);
	watch_want(&o.w, 0);
	assert_silent(&o);
	watch_fini(&o.w);
	close(fd);
}

static void test_always_ready(void **state)
{
	char path[] = "/tmp/sockctl-watch-XXXXXX";

	(void)state;
	check_always_ready(open("/dev/null", O_RDWR), 0);
	check_always_ready(open("/dev/null", O_RDWR), WATCH_SHARED);
	check_always_ready(mkstemp(path), WATCH_SHARED);
	unlink(path);
}

// The end of input is readable; nobody spins who does not want to read.
static void test_end_of_input(void **state)
{
	struct observer o;
	int fds[2];

	(void)state;
	for (unsigned flags = 0; flags <= WATCH_SHARED; flags += WATCH_SHARED) {
		make_pair(fds);
		observe(&o, fds[0], flags, 0);
		close(fds[1]);
		fds[1] = -1;
		assert_silent(&o);
		watch_want(&o.w, WATCH_READ);
		assert_true(next_event(&o) & WATCH_READ);
		watch_fini(&o.w);
		close_pair(fds);
	}
}

// A reader that goes away is noticed while there is nothing to write.
static void test_hang_up_of_a_reader(void **state)
{
	struct observer o;
	int fds[2];

	(void)state;
	for (unsigned flags = 0; flags <= WATCH_SHARED; flags += WATCH_SHARED) {
		assert_int_equal(pipe(fds), 0);
		observe(&o, fds[1], flags | WATCH_OUTPUT, 0);
		assert_silent(&o);
		close(fds[0]);
		assert_int_equal(next_event(&o), WATCH_ERROR);
		watch_fini(&o.w);
		close(fds[1]);
	}
}

static void test_reset(void **state)
{
	const struct linger reset = {1, 0};
	struct observer o;
	int fds[2];
	int error = 0;
	socklen_t len = sizeof(error);

	(void)state;
	tcp_pair(fds);
	observe(&o, fds[0], 0, 0);
	setsockopt(fds[1], SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
	close(fds[1]);
	assert_int_equal(next_event(&o), WATCH_ERROR);
	assert_silent(&o); // told once
	assert_true(watch_is_always_ready(&o.w)); // so that reading yields what is left
	watch_want(&o.w, WATCH_READ);
	assert_int_equal(next_event(&o), WATCH_READ);
	assert_int_equal(getsockopt(fds[0], SOL_SOCKET, SO_ERROR, &error, &len), 0);
	assert_int_equal(error, ECONNRESET); // left for the owner
	watch_fini(&o.w);
	close(fds[0]);
}

// Nobody wants to read, so urgent data is left where it is; errors are noticed all the same.
static void test_urgent_data_does_not_spin(void **state)
{
	const struct linger reset = {1, 0};
	struct observer o;
	int fds[2];

	(void)state;
	tcp_pair(fds);
	observe(&o, fds[0], 0, 0);
	assert_int_equal(send(fds[1], "!", 1, MSG_OOB), 1);
	assert_silent(&o);
	watch_want(&o.w, WATCH_WRITE);
	assert_int_equal(next_event(&o), WATCH_WRITE);
	watch_want(&o.w, 0);
	assert_silent(&o);
	setsockopt(fds[1], SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
	close(fds[1]);
	assert_int_equal(next_event(&o), WATCH_ERROR);
	watch_fini(&o.w);
	close(fds[0]);
}

static void test_urgent_data_and_the_end(void **state)
{
	struct observer o;
	int fds[2];

	(void)state;
	tcp_pair(fds);
	observe(&o, fds[0], 0, 0);
	assert_int_equal(send(fds[1], "!", 1, MSG_OOB), 1);
	shutdown(fds[1], SHUT_WR);
	assert_silent(&o);
	watch_want(&o.w, WATCH_READ);
	assert_true(next_event(&o) & WATCH_READ);
	watch_fini(&o.w);
	close_pair(fds);
}

// One datagram that nobody took does not make a socket deaf for the others.
static void test_datagram_errors(void **state)
{
	struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
	struct sockaddr_in own = in;
	socklen_t len = sizeof(in);
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	int other = socket(AF_INET, SOCK_DGRAM, 0);
	int error = 0;
	socklen_t error_len = sizeof(error);
	struct observer o;
	char c;

	(void)state;
	assert_int_equal(bind(fd, (struct sockaddr *)&own, len), 0);
	assert_int_equal(bind(other, (struct sockaddr *)&in, len), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&own, &len), 0);
	assert_int_equal(getsockname(other, (struct sockaddr *)&in, &len), 0);
	close(other);
	assert_int_equal(connect(fd, (struct sockaddr *)&in, len), 0);
	observe(&o, fd, WATCH_DATAGRAM, WATCH_READ);
	assert_int_equal(send(fd, "x", 1, 0), 1);
	assert_true(next_event(&o) & WATCH_ERROR);
	assert_int_equal(getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &error_len), 0);
	assert_int_equal(error, ECONNREFUSED);
	assert_silent(&o);

	other = socket(AF_INET, SOCK_DGRAM, 0);
	assert_int_equal(bind(other, (struct sockaddr *)&in, len), 0);
	assert_int_equal(sendto(other, "y", 1, 0, (struct sockaddr *)&own, len), 1);
	assert_int_equal(next_event(&o), WATCH_READ);
	assert_int_equal(recv(fd, &c, 1, 0), 1);
	watch_fini(&o.w);
	close(other);
	close(fd);
}

static void test_end_in_the_callback(void **state)
{
	struct observer o;
	int fds[2];

	(void)state;
	for (unsigned flags = 0; flags <= WATCH_SHARED; flags += WATCH_SHARED) {
		make_pair(fds);
		observe(&o, fds[0], flags, WATCH_WRITE);
		o.end = true;
		assert_int_equal(next_event(&o), WATCH_WRITE);
		watch_want(&o.w, WATCH_READ); // does nothing any more
		assert_silent(&o);
		close_pair(fds);
	}
}

static void test_end_of_nothing(void **state)
{
	struct watch w = {0};

	(void)state;
	watch_fini(&w);
	watch_fini(&w);
	assert_int_equal(watch_init(&w, &loop, -1, 0, on_event, NULL), -EBADF);
	watch_fini(&w);
	assert_int_equal(watch_init(&w, &loop, -1, WATCH_SHARED, on_event, NULL), -EBADF);
	watch_fini(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		loop_test(test_reads_when_wanted),
		loop_test(test_writes_when_wanted),
		loop_test(test_mode),
		loop_test(test_always_ready),
		loop_test(test_end_of_input),
		loop_test(test_hang_up_of_a_reader),
		loop_test(test_reset),
		loop_test(test_urgent_data_does_not_spin),
		loop_test(test_urgent_data_and_the_end),
		loop_test(test_datagram_errors),
		loop_test(test_end_in_the_callback),
		loop_test(test_end_of_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
