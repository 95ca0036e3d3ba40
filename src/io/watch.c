// SPDX-License-Identifier: ISC
#include "io/watch.h"

#include "base/mem.h"
#include "sys/fd_calls.h"
#include "sys/file.h"
#include "sys/loop.h"
#include "sys/trace.h"

#include <assert.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

struct watch_handle {
	union {
		uv_handle_t any;
		uv_poll_t poll;
		uv_idle_t idle;
	};
	struct watch *owner;
	bool is_idle;
};

static void on_handle_closed(uv_handle_t *handle)
{
	free(handle->data);
}

static void close_handle(struct watch *w)
{
	if (w->handle)
		uv_close(&w->handle->any, on_handle_closed);
	w->handle = NULL;
}

static struct watch_handle *new_handle(struct watch *w, bool is_idle)
{
	struct watch_handle *h = xcalloc(1, sizeof(*h));

	h->owner = w;
	h->is_idle = is_idle;
	return h;
}

static void on_idle(uv_idle_t *idle)
{
	struct watch_handle *h = idle->data;

	h->owner->cb(h->owner, h->owner->wanted);
}

static void arm_idle(struct watch *w)
{
	if (w->wanted)
		uv_idle_start(&w->handle->idle, on_idle);
	else
		uv_idle_stop(&w->handle->idle);
}

static void become_always_ready(struct watch *w)
{
	close_handle(w);
	w->handle = new_handle(w, true);
	uv_idle_init(w->loop, &w->handle->idle);
	w->handle->idle.data = w->handle;
	w->armed = 0;
	arm_idle(w);
}

static void on_poll(uv_poll_t *poll, int status, int events);

// While only errors matter, which the kernel reports whatever it was asked for, libuv wants to poll
// for something all the same. Urgent data is rare; once it is there it stays until somebody reads
// it, and the end of the peer's stream takes its place.
static int uv_events(const struct watch *w)
{
	int events = (w->wanted & WATCH_READ ? UV_READABLE : 0) |
		     (w->wanted & WATCH_WRITE ? UV_WRITABLE : 0) |
		     (w->wanted & WATCH_PEER_END ? UV_DISCONNECT : 0);

	if (w->flags & WATCH_PRIORITY)
		events |= UV_PRIORITIZED;
	if (events)
		return events;
	// Each datagram that arrives would wake the process for nothing: the kernel announces data
	// as urgent, too. A datagram socket never hears of a shutdown.
	return w->urgent || w->flags & WATCH_DATAGRAM ? UV_DISCONNECT : UV_PRIORITIZED;
}

static void arm(struct watch *w)
{
	if (w->nested >= 0) {
		struct epoll_event ev = {
			.events = (w->wanted & WATCH_READ ? EPOLLIN : 0u) |
				  (w->wanted & WATCH_WRITE ? EPOLLOUT : 0u) |
				  (w->wanted & WATCH_PEER_END ? EPOLLRDHUP : 0u) |
				  (w->flags & WATCH_PRIORITY ? EPOLLPRI : 0u),
		};

		sys_epoll_ctl(w->nested, EPOLL_CTL_MOD, w->fd, &ev);
		uv_poll_start(&w->handle->poll, UV_READABLE, on_poll);
	} else {
		uv_poll_start(&w->handle->poll, uv_events(w), on_poll);
	}
	w->armed = w->wanted;
}

// An end or a hang-up that nobody waits for would be reported for ever. Stop; watch_want() starts
// again.
static void disarm(struct watch *w)
{
	uv_poll_stop(&w->handle->poll);
	w->armed = 0;
}

static unsigned from_poll(const struct watch *w, int revents)
{
	int fatal = w->flags & WATCH_OUTPUT ? POLLERR | POLLHUP : POLLERR;

	return (revents & (POLLIN | POLLHUP) ? WATCH_READ : 0u) |
	       (revents & POLLOUT ? WATCH_WRITE : 0u) | (revents & fatal ? WATCH_ERROR : 0u) |
	       (revents & POLLRDHUP ? WATCH_PEER_END : 0u) |
	       (revents & POLLPRI && w->flags & WATCH_PRIORITY ? WATCH_URGENT : 0u);
}

// What the nested epoll instance has to say.
static unsigned nested_events(struct watch *w)
{
	struct epoll_event ev = {0};

	if (sys_epoll_wait(w->nested, &ev, 1) <= 0)
		return 0;
	return from_poll(w, (int)ev.events);
}

// libuv tells neither errors from urgent data nor hang-ups from what was asked for. Ask the kernel.
static unsigned direct_events(struct watch *w)
{
	struct pollfd pfd = {.fd = w->fd, .events = w->wanted & WATCH_PEER_END ? POLLRDHUP : 0};

	int r;

	trace_housekeeping(true);
	r = sys_poll(&pfd, 1, 0);
	trace_housekeeping(false);
	if (r <= 0)
		return 0;
	return from_poll(w, pfd.revents);
}

static void on_error(struct watch *w)
{
	if (w->flags & WATCH_DATAGRAM)
		arm(w); // libuv has stopped it, and it would be deaf from now on
	else
		become_always_ready(w);
	w->cb(w, WATCH_ERROR);
}

// It would be reported until somebody takes it, who may be waiting for something else.
static void stop_urgent(struct watch *w)
{
	w->flags &= ~(unsigned)WATCH_PRIORITY;
	arm(w);
}

static void on_poll(uv_poll_t *poll, int status, int uvevents)
{
	struct watch_handle *h = poll->data;
	struct watch *w = h->owner;
	unsigned events =
		(uvevents & UV_READABLE ? WATCH_READ : 0u) |
		(uvevents & UV_WRITABLE ? WATCH_WRITE : 0u) |
		(uvevents & UV_PRIORITIZED && w->flags & WATCH_PRIORITY ? WATCH_URGENT : 0u);
	unsigned reported = w->wanted | WATCH_URGENT;

	if (w->nested >= 0)
		events = nested_events(w);
	else if (status < 0)
		events = WATCH_ERROR;
	else if (!events)
		events = direct_events(w);

	if (events & WATCH_ERROR) {
		on_error(w);
	} else if (events & reported) {
		if (events & WATCH_URGENT)
			stop_urgent(w);
		w->cb(w, events & reported);
	} else if (w->armed & ~w->wanted) {
		arm(w);
	} else if (events || w->urgent) {
		disarm(w);
	} else if (w->nested < 0) {
		w->urgent = true;
		arm(w);
	}
}

// Registers a shared descriptor in an epoll instance that is ours alone.
static int nest(struct watch *w)
{
	struct epoll_event ev = {.events = 0};
	int r;

	w->nested = sys_epoll_create(EPOLL_CLOEXEC);
	if (w->nested < 0)
		return w->nested;
	r = sys_epoll_ctl(w->nested, EPOLL_CTL_ADD, w->fd, &ev);
	if (r == 0)
		return 0;
	sys_close_internal(w->nested);
	w->nested = -1;
	return r;
}

int watch_init(struct watch *w, uv_loop_t *loop, int fd, unsigned flags, watch_fn *cb, void *data)
{
	int r = 0;

	*w = (struct watch){
		.fd = fd, .flags = flags, .cb = cb, .data = data, .nested = -1, .loop = loop};
	if (flags & WATCH_SHARED)
		r = nest(w);
	if (r == 0) {
		w->handle = new_handle(w, false);
		r = uv_poll_init(loop, &w->handle->poll, w->nested >= 0 ? w->nested : fd);
		w->handle->poll.data = w->handle;
		if (r < 0) {
			free(w->handle); // libuv does not know it
			w->handle = NULL;
		}
	}
	if (r == UV_EPERM) {
		become_always_ready(w);
		return 0;
	}
	if (r == 0)
		arm(w);
	return r;
}

void watch_want(struct watch *w, unsigned events)
{
	assert(!(events & ~(unsigned)(WATCH_READ | WATCH_WRITE | WATCH_PEER_END)));
	w->wanted = events;
	if (!w->handle)
		return;
	assert(!events || w->cb);
	if (w->handle->is_idle)
		arm_idle(w);
	else if (events & ~w->armed)
		arm(w); // to want less waits until an event comes that is not wanted: often none
			// does
}

void watch_want_urgent(struct watch *w)
{
	if (w->flags & WATCH_PRIORITY)
		return;
	w->flags |= WATCH_PRIORITY;
	if (w->handle && !w->handle->is_idle)
		arm(w);
}

void watch_moved(struct watch *w)
{
	if (w->handle)
		w->handle->owner = w;
}

bool watch_is_always_ready(const struct watch *w)
{
	return w->handle && w->handle->is_idle;
}

void watch_fini(struct watch *w)
{
	close_handle(w);
	if (w->nested > 0)
		sys_close_internal(w->nested);
	*w = (struct watch){.fd = -1, .nested = -1, .loop = w->loop}; // for a watch begun anew
}
