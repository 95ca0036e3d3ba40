// SPDX-License-Identifier: ISC
#include "io/signal_watch.h"

#include "base/mem.h"
#include "sys/signals.h"

#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>

static uv_async_t *volatile asyncs[NSIG];
static volatile sig_atomic_t has_come[NSIG];

// uv_async_send() is the one function of libuv that a handler may call.
static void on_signal(int number)
{
	uv_async_t *async = asyncs[number];
	int error = errno;

	has_come[number] = 1;
	if (async)
		uv_async_send(async);
	errno = error;
}

static void on_async(uv_async_t *async)
{
	struct signal_watch *w = async->data;

	if (!w)
		return;
	has_come[w->number] = 0;
	w->fn(w->data, w->number);
}

static void on_closed(uv_handle_t *handle)
{
	free(handle);
}

// Without setting the handler.
static int init(struct signal_watch *w, uv_loop_t *loop, int number, signal_fn *fn, void *data)
{
	uv_async_t *async = xmalloc(sizeof(*async));
	int r = uv_async_init(loop, async, on_async);

	assert(number > 0 && number < NSIG);
	assert(!asyncs[number]);
	if (r < 0) {
		free(async);
		return r;
	}
	uv_unref((uv_handle_t *)async);
	*w = (struct signal_watch){.number = number, .async = async, .fn = fn, .data = data};
	async->data = w;
	asyncs[number] = async;
	return 0;
}

// Without setting the signal.
static void fini(struct signal_watch *w)
{
	asyncs[w->number] = NULL;
	has_come[w->number] = 0;
	w->async->data = NULL;
	uv_close((uv_handle_t *)w->async, on_closed);
	*w = (struct signal_watch){0};
}

int signal_watch_init(
	struct signal_watch *w, uv_loop_t *loop, int number, signal_fn *fn, void *data)
{
	int r = init(w, loop, number, fn, data);

	if (r < 0)
		return r;
	r = sys_sigaction(number, on_signal);
	if (r < 0)
		fini(w);
	return r;
}

// One that comes before the old action is back is caught by the handler, and nobody hears of it: as
// if it had been ignored.
int signal_watch_init_unless_ignored(
	struct signal_watch *w, uv_loop_t *loop, int number, signal_fn *fn, void *data)
{
	struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
	struct sigaction old;
	int r = init(w, loop, number, fn, data);

	if (r < 0)
		return r;
	sigemptyset(&action.sa_mask);
	r = sys_sigaction_swap(number, &action, &old);
	if (r == 0 && old.sa_handler == SIG_IGN)
		sys_sigaction_swap(number, &old, NULL);
	if (r < 0 || old.sa_handler == SIG_IGN)
		fini(w);
	return r;
}

bool signal_watch_has_come(const struct signal_watch *w)
{
	sigset_t pending; // while the main thread has blocked it

	if (!w->number)
		return false;
	return has_come[w->number] ||
	       (sys_sigpending(&pending) == 0 && sigismember(&pending, w->number) == 1);
}

void signal_watch_fini(struct signal_watch *w)
{
	if (!w->number)
		return;
	sys_sigaction(w->number, NULL);
	fini(w);
}
