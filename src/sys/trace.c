// SPDX-License-Identifier: ISC
#include "sys/trace.h"

#include "sys/trace_secret.h"

#include <time.h>
#include <unistd.h>

_Atomic(trace_sink_fn *) trace_sink;
static _Atomic(void *) trace_sink_arg;
static _Thread_local bool is_housekeeping;
static _Thread_local bool is_telling;
static _Thread_local pid_t thread; // 0: not asked for yet
static _Thread_local unsigned worker;
static _Atomic(pid_t) process; // the same
static bool is_plain; // set before there are threads

void trace_set_sink(trace_sink_fn *sink, void *arg)
{
	if (sink)
		trace_sink_arg = arg; // a thread may still be about to use the one before
	trace_sink = sink;
}

trace_sink_fn *trace_get_sink(void **arg)
{
	*arg = trace_sink_arg;
	return trace_sink;
}

void trace_housekeeping(bool on)
{
	is_housekeeping = on;
}

void trace_set_worker(unsigned number)
{
	worker = number;
}

void trace_forked(void)
{
	process = 0;
	thread = 0;
}

void trace_set_plain(bool on)
{
	is_plain = on;
}

bool trace_is_plain(void)
{
	return is_plain;
}

uint64_t trace_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

void trace_emit(struct trace_call *call)
{
	trace_sink_fn *sink = trace_sink; // which the end of the program takes away from threads
	struct str masked = {0};
	int saved = errno;

	if (is_telling)
		return; // what it takes to tell a call, such as asking whether to wait for stderr
	call->duration = trace_now() - call->start;
	call->is_housekeeping |= is_housekeeping;
	if (!thread)
		thread = gettid();
	if (!process)
		process = getpid();
	call->thread = thread;
	call->process = process;
	call->worker = worker;
	trace_hide_secret(call, &masked);
	is_telling = true;
	if (sink)
		sink(call, trace_sink_arg);
	is_telling = false;
	str_fini(&masked);
	errno = saved;
}
