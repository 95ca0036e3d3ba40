// SPDX-License-Identifier: ISC
#include "io/task.h"

#include "base/util.h"
#include "unit.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#define MANY 32

// A task, what it is to do, and what was called for it.
struct job {
	struct task task;
	pthread_barrier_t *barrier; // to wait at, or NULL
	pthread_t thread; // that did the work
	unsigned left; // times to start it again
	bool worked, done, released;
	bool signals_blocked;
};

static uv_loop_t *loop;
static unsigned failures;

static void start(struct job *job);

static void work(struct task *t)
{
	struct job *job = container_of(t, struct job, task);
	sigset_t mask;

	pthread_sigmask(SIG_SETMASK, NULL, &mask);
	job->signals_blocked = sigismember(&mask, SIGTERM);
	job->thread = pthread_self();
	job->worked = true;
	if (job->barrier)
		pthread_barrier_wait(job->barrier);
}

static void done(struct task *t)
{
	struct job *job = container_of(t, struct job, task);

	failures += !job->worked || job->done || task_is_running();
	job->done = true;
}

static void mark_done(struct task *t)
{
	container_of(t, struct job, task)->done = true;
}

static void release(struct task *t)
{
	struct job *job = container_of(t, struct job, task);

	job->released = true;
	if (job->left-- > 0)
		start(job);
}

static void start(struct job *job)
{
	if (task_start(&job->task, loop, work, mark_done, release) < 0)
		failures++;
}

static int begin(void **state)
{
	(void)state;
	failures = 0;
	loop = uv_default_loop();
	return 0;
}

static int end(void **state)
{
	(void)state;
	return uv_loop_close(loop);
}

static void test_one(void **state)
{
	struct job job = {0};

	(void)state;
	assert_false(task_is_running());
	assert_int_equal(task_start(&job.task, loop, work, done, release), 0);
	assert_true(task_is_running());
	uv_run(loop, UV_RUN_DEFAULT);
	assert_true(job.worked && job.done && job.released && job.signals_blocked);
	assert_false(pthread_equal(job.thread, pthread_self()));
	assert_false(task_is_running());
	assert_int_equal(failures, 0);
}

// All of them get past the barrier only if they run at the same time.
static void test_at_once(void **state)
{
	static struct job jobs[MANY];
	pthread_barrier_t barrier;

	(void)state;
	pthread_barrier_init(&barrier, NULL, MANY);
	for (size_t i = 0; i < MANY; i++) {
		jobs[i] = (struct job){.barrier = &barrier};
		start(&jobs[i]);
	}
	uv_run(loop, UV_RUN_DEFAULT);
	for (size_t i = 0; i < MANY; i++)
		assert_true(jobs[i].done && jobs[i].released);
	pthread_barrier_destroy(&barrier);
	assert_int_equal(failures, 0);
}

static unsigned long count_threads(void)
{
	static const char key[] = "Threads:";
	char line[64];
	unsigned long n = 0;
	FILE *f = fopen("/proc/self/status", "re");

	assert_non_null(f);
	while (fgets(line, sizeof(line), f))
		if (strncmp(line, key, strlen(key)) == 0)
			n = strtoul(line + strlen(key), NULL, 10);
	fclose(f);
	return n;
}

// One after another they need no more threads than there are.
static void test_reuse(void **state)
{
	struct job job = {.left = 1000};
	unsigned long before = count_threads();

	(void)state;
	start(&job);
	uv_run(loop, UV_RUN_DEFAULT);
	assert_true(job.done && job.released);
	assert_int_equal(job.left, UINT32_MAX);
	assert_int_equal(count_threads(), before);
	assert_int_equal(failures, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_one, begin, end),
		cmocka_unit_test_setup_teardown(test_at_once, begin, end),
		cmocka_unit_test_setup_teardown(test_reuse, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
