// SPDX-License-Identifier: ISC
#include "io/pollset.h"

#include "base/util.h"
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/socket.h>

#define MANY 1000

struct pair {
	struct pollset_item item;
	int far; // the other end
	unsigned calls;
	char last; // byte that was read
	bool closes;
};

static struct {
	uv_loop_t loop;
	struct pollset set;
	struct pair pairs[MANY];
	unsigned calls;
} rig;

static void on_ready(struct pollset_item *item)
{
	struct pair *p = container_of(item, struct pair, item);

	p->calls++;
	rig.calls++;
	if (p->closes) {
		close(item->fd);
		item->fd = -1;
		p->closes = false;
	} else if (item->wanted & WATCH_READ && read(item->fd, &p->last, 1) != 1) {
		p->last = '\0';
	}
}

static int set_up(void **state)
{
	struct rlimit limit;

	(void)state;
	memset(&rig, 0, sizeof(rig));
	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return -1;
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
	return uv_loop_init(&rig.loop) || pollset_init(&rig.set, &rig.loop, on_ready);
}

static int tear_down(void **state)
{
	(void)state;
	for (size_t i = 0; i < MANY; i++)
		if (rig.pairs[i].far) {
			close(rig.pairs[i].far);
			if (rig.pairs[i].item.fd >= 0)
				close(rig.pairs[i].item.fd);
		}
	pollset_fini(&rig.set);
	pollset_fini(&rig.set); // once more does no harm
	uv_run(&rig.loop, UV_RUN_DEFAULT);
	return uv_loop_close(&rig.loop);
}

static struct pair *add(size_t i, unsigned wanted)
{
	struct pair *p = &rig.pairs[i];
	int fds[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds), 0);
	p->far = fds[1];
	assert_int_equal(pollset_add(&rig.set, &p->item, fds[0], wanted), 0);
	return p;
}

// One turn, or two, for the loop may be busy with its own.
static void turn(void)
{
	unsigned before = rig.calls;

	for (int i = 0; i < 3 && rig.calls == before; i++)
		uv_run(&rig.loop, UV_RUN_NOWAIT);
}

static void test_events(void **state)
{
	struct pair *a = add(0, WATCH_READ);
	struct pair *b = add(1, WATCH_READ);

	(void)state;
	turn();
	assert_int_equal(rig.calls, 0);
	assert_int_equal(write(b->far, "x", 1), 1);
	turn();
	assert_int_equal(a->calls, 0);
	assert_int_equal(b->calls, 1);
	assert_int_equal(b->last, 'x');
	turn();
	assert_int_equal(rig.calls, 1);

	pollset_want(&rig.set, &a->item, WATCH_WRITE);
	turn();
	assert_int_equal(a->calls, 1);
	assert_int_equal(write(a->far, "y", 1), 1); // not wanted now
	pollset_want(&rig.set, &a->item, 0);
	turn();
	assert_int_equal(rig.calls, 2);
	pollset_want(&rig.set, &a->item, WATCH_READ);
	turn();
	assert_int_equal(a->last, 'y');
}

// The end of the other side is told as readiness, and a closed descriptor is out of the set.
static void test_ends(void **state)
{
	struct pair *a = add(0, WATCH_READ);
	struct pair *b = add(1, WATCH_READ);

	(void)state;
	a->closes = true;
	shutdown(a->far, SHUT_RDWR);
	turn();
	assert_int_equal(a->calls, 1);
	assert_int_equal(a->item.fd, -1);
	turn();
	assert_int_equal(rig.calls, 1);
	assert_int_equal(write(b->far, "x", 1), 1);
	turn();
	assert_int_equal(b->last, 'x');
}

// More than are served at once: each gets its turn.
static void test_many(void **state)
{
	(void)state;
	for (size_t i = 0; i < MANY; i++)
		add(i, WATCH_READ);
	for (size_t i = 0; i < MANY; i++)
		assert_int_equal(write(rig.pairs[i].far, "z", 1), 1);
	for (int i = 0; i < 20 && rig.calls < MANY; i++)
		uv_run(&rig.loop, UV_RUN_NOWAIT);
	for (size_t i = 0; i < MANY; i++) {
		assert_int_equal(rig.pairs[i].calls, 1);
		assert_int_equal(rig.pairs[i].last, 'z');
	}
}

static void test_what_cannot_be_polled(void **state)
{
	struct pollset_item item;
	int fd = open("/dev/null", O_RDONLY);

	(void)state;
	assert_int_equal(pollset_add(&rig.set, &item, fd, WATCH_READ), -EPERM);
	close(fd);
	assert_int_equal(pollset_add(&rig.set, &item, fd, WATCH_READ), -EBADF);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_events),
		TEST(test_ends),
		TEST(test_many),
		TEST(test_what_cannot_be_polled),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
