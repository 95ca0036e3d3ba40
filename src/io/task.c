// SPDX-License-Identifier: ISC
#include "io/task.h"

#include "sys/process.h"
#include "sys/signals.h"

#include <assert.h>
#include <pthread.h>
#include <signal.h>

static struct list queue = {&queue, &queue};
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; // of what follows
static pthread_cond_t filled = PTHREAD_COND_INITIALIZER;
static unsigned queued; // tasks that no thread has taken yet
static unsigned free_threads; // those without work, also while they start or wake up
static unsigned threads;

static unsigned running; // tasks that are not done; the loop's own

static struct task *take(void)
{
	struct task *t;

	while (!queued)
		pthread_cond_wait(&filled, &lock);
	t = list_entry(queue.next, struct task, link);
	list_remove(&t->link);
	queued--;
	free_threads--;
	return t;
}

static void *serve(void *arg)
{
	(void)arg;
	pthread_mutex_lock(&lock);
	for (;;) {
		struct task *t = take();

		pthread_mutex_unlock(&lock);
		t->work(t);
		pthread_mutex_lock(&lock);
		// Before the loop hears of it, so that what it starts next finds this thread free.
		free_threads++;
		uv_async_send(&t->async);
	}
	return NULL;
}

// Signals are for the main thread.
static int start_thread(void)
{
	sigset_t all;
	sigset_t old;
	int r;

	sigfillset(&all);
	sys_thread_sigmask(SIG_SETMASK, &all, &old);
	r = sys_thread_create_detached(serve, NULL);
	sys_thread_sigmask(SIG_SETMASK, &old, NULL);
	return r;
}

// Leaves the task to a thread that waits, to a new one, or where the system has no more of them to
// the first that is free.
static int enqueue(struct task *t)
{
	int r = 0;

	pthread_mutex_lock(&lock);
	if (queued < free_threads) {
		pthread_cond_signal(&filled);
	} else {
		r = start_thread();
		threads += r == 0;
		free_threads += r == 0;
		r = threads ? 0 : r;
	}
	if (r == 0) {
		list_append(&queue, &t->link);
		queued++;
	}
	pthread_mutex_unlock(&lock);
	return r;
}

static void on_closed(uv_handle_t *handle)
{
	struct task *t = handle->data;

	if (t->release)
		t->release(t);
}

static void on_done(uv_async_t *async)
{
	struct task *t = async->data;

	// The thread let go of the lock after its work, so that all of that is seen from here on;
	// of a wake-up, which may be one for many, libuv does not promise as much.
	pthread_mutex_lock(&lock);
	pthread_mutex_unlock(&lock);
	running--;
	t->done(t);
	uv_close((uv_handle_t *)async, on_closed);
}

int task_start(struct task *t, uv_loop_t *loop, task_fn *work, task_fn *done, task_fn *release)
{
	int r = uv_async_init(loop, &t->async, on_done);

	assert(work && done);
	t->work = work;
	t->done = done;
	t->release = release;
	t->async.data = t;
	if (r < 0) {
		on_closed((uv_handle_t *)&t->async);
		return r;
	}
	r = enqueue(t);
	if (r < 0)
		uv_close((uv_handle_t *)&t->async, on_closed);
	else
		running++;
	return r;
}

bool task_is_running(void)
{
	return running > 0;
}
