// SPDX-License-Identifier: ISC
#include "relay/lowat.h"

#include "loop.h"
#include "unit.h"

#include <sys/socket.h>

#define MARK_OF_THE_USER 5000
#define MANY 1000 // large reads, more than it takes to raise the mark

static void set_mark(int fd, int bytes)
{
	assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVLOWAT, &bytes, sizeof(bytes)), 0);
}

static int mark_of(int fd)
{
	int bytes = 0;
	socklen_t len = sizeof(bytes);

	assert_int_equal(getsockopt(fd, SOL_SOCKET, SO_RCVLOWAT, &bytes, &len), 0);
	return bytes;
}

static void note_many(struct lowat *l, size_t bytes)
{
	for (int i = 0; i < MANY; i++)
		lowat_note(l, bytes);
}

static void close_pair(int fds[2])
{
	close(fds[0]);
	close(fds[1]);
}

static void test_raised_by_bulk_data_and_lowered_by_a_pause(void **state)
{
	bool blocked = false;
	int fds[2];

	(void)state;
	tcp_pair(fds);
	struct lowat *l = lowat_create(&loop, fds[0], &blocked);

	assert_int_equal(mark_of(fds[0]), 1);
	note_many(l, LOWAT_LARGE_READ - 1);
	assert_int_equal(mark_of(fds[0]), 1);
	note_many(l, LOWAT_LARGE_READ);
	assert_int_equal(mark_of(fds[0]), LOWAT_BYTES);
	for (int i = 0; i < MANY && l->raised; i++)
		loop_for(1);
	assert_int_equal(mark_of(fds[0]), 1);
	lowat_destroy(l);
	close_pair(fds);
}

// It may be needed to receive so many bytes at once.
static void test_mark_of_the_user_stays(void **state)
{
	bool blocked = false;
	int fds[2];

	(void)state;
	tcp_pair(fds);
	set_mark(fds[0], MARK_OF_THE_USER);
	struct lowat *l = lowat_create(&loop, fds[0], &blocked);

	note_many(l, LOWAT_LARGE_READ);
	assert_int_equal(mark_of(fds[0]), MARK_OF_THE_USER);
	loop_for(5);
	lowat_destroy(l);
	assert_int_equal(mark_of(fds[0]), MARK_OF_THE_USER);
	close_pair(fds);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		loop_test(test_raised_by_bulk_data_and_lowered_by_a_pause),
		loop_test(test_mark_of_the_user_stays),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
