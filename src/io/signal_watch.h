// SPDX-License-Identifier: ISC
// Signals that are told on the event loop. The handler is set by a traced call.
#ifndef SOCKCTL_IO_SIGNAL_WATCH_H
#define SOCKCTL_IO_SIGNAL_WATCH_H

#include <stdbool.h>
#include <uv.h>

typedef void signal_fn(void *data, int number);

struct signal_watch {
	int number; // 0: none
	uv_async_t *async; // wakes the loop; lives until libuv has closed it
	signal_fn *fn;
	void *data; // the owner's
};

// Calls back on LOOP, which it does not keep alive, soon after the signal has come once or more.
// For one watch of each number. Returns 0 or a negative errno.
int signal_watch_init(
	struct signal_watch *w, uv_loop_t *loop, int number, signal_fn *fn, void *data);

// The same, but a signal that is ignored stays so; then the watch is zeroed.
int signal_watch_init_unless_ignored(
	struct signal_watch *w, uv_loop_t *loop, int number, signal_fn *fn, void *data);

// Whether the signal has come and the callback has not heard of it yet. Any thread may ask. False
// on a zeroed watch.
bool signal_watch_has_come(const struct signal_watch *w);

// Brings the default of the signal back. Does nothing on a zeroed watch.
void signal_watch_fini(struct signal_watch *w);

#endif
