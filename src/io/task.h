// SPDX-License-Identifier: ISC
// Work that blocks, done in a thread while the event loop goes on. Unlike libuv's pool this one
// grows to as many threads as there is work at once, which its users bound, says when the system
// has none left, and is not waited for at the end of the program.
#ifndef SOCKCTL_IO_TASK_H
#define SOCKCTL_IO_TASK_H

#include "base/list.h"

#include <stdbool.h>
#include <uv.h>

struct task;
typedef void task_fn(struct task *t);

// Embedded in what the work is about, which lives until it is released.
struct task {
	struct list link; // in the queue
	uv_async_t async;
	task_fn *work; // called in a thread
	task_fn *done; // called in the loop after that
	task_fn *release; // called last, may free the memory; may be NULL
};

// Starts the work. Returns 0, or a negative errno if the system has no thread for it; then nothing
// will be called but release.
int task_start(struct task *t, uv_loop_t *loop, task_fn *work, task_fn *done, task_fn *release);

// True while any work is going on: then the process must end without waiting for threads.
bool task_is_running(void);

#endif
