// SPDX-License-Identifier: ISC
#include "io/pollset.h"

#include "sys/file.h"
#include "sys/loop.h"

#include <assert.h>

#define BATCH 256 // items served before the rest of the loop gets its turn

static void on_ready(struct watch *w, unsigned events)
{
	struct pollset *p = w->data;
	struct epoll_event ready[BATCH];
	int n = sys_epoll_wait(p->epoll, ready, BATCH);

	(void)events;
	for (int i = 0; i < n; i++)
		p->cb(ready[i].data.ptr);
}

int pollset_init(struct pollset *p, uv_loop_t *loop, pollset_fn *cb)
{
	int r;

	assert(cb);
	*p = (struct pollset){.epoll = sys_epoll_create(EPOLL_CLOEXEC), .cb = cb};
	if (p->epoll < 0)
		return p->epoll;
	r = watch_init(&p->watch, loop, p->epoll, 0, on_ready, p);
	if (r < 0) {
		sys_close_internal(p->epoll);
		return r;
	}
	watch_want(&p->watch, WATCH_READ);
	return 0;
}

void pollset_fini(struct pollset *p)
{
	if (!p->cb)
		return;
	watch_fini(&p->watch);
	sys_close_internal(p->epoll);
	*p = (struct pollset){0};
}

static int control(struct pollset *p, struct pollset_item *item, int operation)
{
	struct epoll_event ev = {
		.events = (item->wanted & WATCH_READ ? EPOLLIN : 0u) |
			  (item->wanted & WATCH_WRITE ? EPOLLOUT : 0u),
		.data.ptr = item,
	};

	return sys_epoll_ctl(p->epoll, operation, item->fd, &ev);
}

int pollset_add(struct pollset *p, struct pollset_item *item, int fd, unsigned wanted)
{
	assert(fd >= 0);
	assert(!(wanted & ~(unsigned)(WATCH_READ | WATCH_WRITE)));
	*item = (struct pollset_item){.fd = fd, .wanted = wanted};
	return control(p, item, EPOLL_CTL_ADD);
}

void pollset_want(struct pollset *p, struct pollset_item *item, unsigned wanted)
{
	assert(!(wanted & ~(unsigned)(WATCH_READ | WATCH_WRITE)));
	if (item->wanted == wanted)
		return;
	item->wanted = wanted;
	control(p, item, EPOLL_CTL_MOD);
}
