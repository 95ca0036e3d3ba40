// SPDX-License-Identifier: ISC
// What the relays of one loop share, and those of several do not.
#include "io/pool.h"
#include "rig.h"
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/socket.h>

static void test_pipes_are_used_again(void **state)
{
	struct pool p;
	int a[2];
	int b[2];
	int first;

	(void)state;
	pool_init(&p, NULL);
	assert_int_equal(pool_take_pipe(&p, a), 0);
	first = a[0];
	pool_give_pipe(&p, a);
	assert_int_equal(a[0], -1);
	assert_int_equal(a[1], -1);
	pool_give_pipe(&p, a); // does nothing
	assert_int_equal(pool_take_pipe(&p, a), 0);
	assert_int_equal(a[0], first);
	assert_int_equal(pool_take_pipe(&p, b), 0);
	assert_int_not_equal(b[0], first);
	pool_give_pipe(&p, a);
	pool_give_pipe(&p, b);
	pool_fini(&p);
	assert_int_equal(fcntl(first, F_GETFD), -1);
	assert_int_equal(errno, EBADF);
}

static void test_few_pipes_are_kept(void **state)
{
	int pipes[POOL_PIPES + 3][2];
	struct pool p;

	(void)state;
	pool_init(&p, NULL);
	for (size_t i = 0; i < ARRAY_SIZE(pipes); i++)
		assert_int_equal(pool_take_pipe(&p, pipes[i]), 0);
	for (size_t i = 0; i < ARRAY_SIZE(pipes); i++) {
		int fd = pipes[i][0];

		pool_give_pipe(&p, pipes[i]);
		assert_int_equal(fcntl(fd, F_GETFD) >= 0, i < POOL_PIPES);
	}
	pool_fini(&p);
}

#define ROUNDS 3000
#define PIECE (64 * 1024)

struct run {
	struct rig rig;
	char letter;
	unsigned whole; // rounds whose bytes came as they went
};

// Copies pieces of one letter from end to end.
static void *copy(void *data)
{
	static const struct timeval patience = {.tv_sec = 10};
	struct run *r = data;
	char sent[PIECE];
	char got[PIECE];

	memset(sent, r->letter, sizeof(sent));
	setsockopt(r->rig.sink, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	for (int i = 0; i < ROUNDS; i++) {
		if (write(r->rig.feed, sent, sizeof(sent)) != sizeof(sent))
			break;
		flow_step(&r->rig.f);
		if (recv(r->rig.sink, got, sizeof(got), MSG_WAITALL) != sizeof(got))
			break;
		r->whole += memcmp(got, sent, sizeof(got)) == 0;
	}
	return NULL;
}

// The relays of a program with several loops do not see each other's bytes.
static void test_each_loop_has_its_buffer(void **state)
{
	static struct run runs[2];
	pthread_t threads[ARRAY_SIZE(runs)];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(runs); i++) {
		runs[i].letter = (char)('a' + i);
		rig_init(&runs[i].rig, SOCKET, SOCKET);
		force_copy(&runs[i].rig);
		flow_start(&runs[i].rig.f);
		assert_int_equal(pthread_create(&threads[i], NULL, copy, &runs[i]), 0);
	}
	for (size_t i = 0; i < ARRAY_SIZE(runs); i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	for (size_t i = 0; i < ARRAY_SIZE(runs); i++) {
		assert_int_equal(runs[i].whole, ROUNDS);
		rig_fini(&runs[i].rig);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pipes_are_used_again),
		cmocka_unit_test(test_few_pipes_are_kept),
		cmocka_unit_test(test_each_loop_has_its_buffer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
