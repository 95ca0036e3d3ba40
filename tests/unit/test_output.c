// SPDX-License-Identifier: ISC
#include "io/output.h"

#include "loop.h"
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>

#define BULK (1 << 20)

static char bulk[BULK];

struct writer {
	struct output o;
	bool called;
	int error;
};

static void on_written(struct output *o, int error)
{
	struct writer *w = o->data;

	w->called = true;
	w->error = error;
}

static void init(struct writer *w, int fd)
{
	*w = (struct writer){0};
	assert_int_equal(output_init(&w->o, &loop, fd, on_written, w), 0);
}

static void test_at_once(void **state)
{
	struct iovecs g = {0};
	struct writer w;
	struct str got = {0};
	int fds[2];

	(void)state;
	assert_int_equal(pipe(fds), 0);
	init(&w, fds[1]);
	iovecs_add(&g, "one ", 4);
	iovecs_add(&g, "", 0);
	iovecs_add(&g, "two", 3);
	assert_int_equal(output_write(&w.o, &g), 0);
	assert_false(output_is_busy(&w.o));
	assert_false(w.called);
	iovecs_clear(&g);
	assert_int_equal(output_write(&w.o, &g), 0); // nothing to write is no trouble
	output_fini(&w.o);
	close(fds[1]);
	read_all(fds[0], &got);
	assert_string_equal(str_c(&got), "one two");
	close(fds[0]);
	str_fini(&got);
	iovecs_fini(&g);
}

// Many pieces, more than one call takes, to a reader who takes his time.
static void test_in_the_background(void **state)
{
	struct iovecs g = {0};
	struct writer w;
	struct str got = {0};
	char buf[5000];
	int fds[2];
	ssize_t n;

	(void)state;
	for (size_t i = 0; i < BULK; i++)
		bulk[i] = (char)(i * 7 >> 2);
	for (size_t at = BULK / 2; at; at -= 256) // backwards, so that none joins the one before
		iovecs_add(&g, bulk + at - 256, 256);
	assert_int_equal(pipe(fds), 0);
	assert_int_equal(fcntl(fds[0], F_SETFL, O_NONBLOCK), 0);
	init(&w, fds[1]);
	assert_int_equal(output_write(&w.o, &g), -EAGAIN);
	assert_true(output_is_busy(&w.o));
	while (!w.called) {
		while ((n = read(fds[0], buf, sizeof(buf))) > 0)
			str_addn(&got, buf, (size_t)n);
		loop_for(1);
	}
	assert_int_equal(w.error, 0);
	assert_false(output_is_busy(&w.o));
	while ((n = read(fds[0], buf, sizeof(buf))) > 0)
		str_addn(&got, buf, (size_t)n);
	assert_int_equal(got.len, BULK / 2);
	for (size_t i = 0; i < BULK / 2; i += 256)
		assert_memory_equal(got.data + i, bulk + BULK / 2 - 256 - i, 256);
	output_fini(&w.o);
	close(fds[0]);
	close(fds[1]);
	str_fini(&got);
	iovecs_fini(&g);
}

static void test_reader_goes_away(void **state)
{
	struct iovecs g = {0};
	struct writer w;
	int fds[2];

	(void)state;
	for (int busy = 0; busy < 2; busy++) {
		assert_int_equal(pipe(fds), 0);
		init(&w, fds[1]);
		iovecs_clear(&g);
		iovecs_add(&g, bulk, busy ? BULK : 0);
		assert_int_equal(output_write(&w.o, &g), busy ? -EAGAIN : 0);
		close(fds[0]);
		loop_until(&w.called);
		assert_int_equal(w.error, -EPIPE);
		output_fini(&w.o);
		close(fds[1]);
	}
	iovecs_fini(&g);
}

static void test_full_disk(void **state)
{
	struct iovecs g = {0};
	struct writer w;
	int fd = open("/dev/full", O_WRONLY);

	(void)state;
	init(&w, fd);
	iovecs_add(&g, "x", 1);
	assert_int_equal(output_write(&w.o, &g), -ENOSPC);
	output_fini(&w.o);
	close(fd);
	iovecs_fini(&g);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		loop_test(test_at_once),
		loop_test(test_in_the_background),
		loop_test(test_reader_goes_away),
		loop_test(test_full_disk),
	};

	signal(SIGPIPE, SIG_IGN); // as the program does
	return cmocka_run_group_tests(tests, NULL, NULL);
}
