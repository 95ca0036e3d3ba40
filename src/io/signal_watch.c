// SPDX-License-Identifier: ISC
#include "io/signal_watch.h"

#include "base/mem.h"
#include "sys/fd_calls.h"

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

int signal_watch_init(
	struct signal_watch *w, uv_loop_t *loop, int number, signal_fn *fn, void *data)
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
	r = sys_sigaction(number, on_signal);
	if (r < 0)
		signal_watch_fini(w);
	return r;
}

bool signal_watch_has_come(const struct signal_watch *w)
{
	sigset_t pending; // while the main thread has blocked it

	if (!w->number)
		return false;
	return has_come[w->number] ||
	       (sigpending(&pending) == 0 && sigismember(&pending, w->number) == 1);
}

void signal_watch_fini(struct signal_watch *w)
{
	if (!w->number)
		return;
	sys_sigaction(w->number, NULL);
	asyncs[w->number] = NULL;
	w->async->data = NULL;
	uv_close((uv_handle_t *)w->async, on_closed);
	*w = (struct signal_watch){0};
}
