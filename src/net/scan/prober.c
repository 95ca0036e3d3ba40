// SPDX-License-Identifier: ISC
#include "net/scan/prober.h"

#include "base/mem.h"
#include "sys/file.h"
#include "sys/loop.h"
#include "sys/socket.h"
#include "sys/trace.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#define EVENTS_PER_CALL 256

static struct list *idle_list(struct prober *p, int family)
{
	return &p->idle[family == AF_INET6];
}

static void close_slot(struct prober *p, struct prober_slot *slot)
{
	if (slot->fd < 0)
		return;
	sys_close(slot->fd);
	slot->fd = -1;
	slot->is_watched = false;
	p->open--;
}

// Makes a slot free. Its socket stays, unless it was closed.
static void put_back(struct prober *p, struct prober_slot *slot)
{
	if (slot->state != PROBER_FREE)
		p->busy--;
	slot->state = PROBER_FREE;
	slot->data = NULL;
	list_append(slot->fd < 0 ? &p->empty : idle_list(p, slot->address.sa.sa_family),
		&slot->due.link);
}

void prober_release(struct prober *p, struct prober_slot *slot)
{
	assert(list_empty(&slot->due.link));
	close_slot(p, slot);
	put_back(p, slot);
}

static struct prober_slot *take_first(struct list *list)
{
	struct prober_slot *slot = list_entry(list->next, struct prober_slot, due.link);

	if (list_empty(list))
		return NULL;
	list_remove(&slot->due.link);
	return slot;
}

// A free slot for FAMILY, or NULL. It may lack a socket.
static struct prober_slot *take(struct prober *p, int family)
{
	struct prober_slot *slot = take_first(idle_list(p, family));

	if (slot)
		return slot;
	if (p->open < p->limit && (slot = take_first(&p->empty)))
		return slot;
	if (p->open < p->limit && p->count < p->limit) {
		slot = &p->slots[p->count++];
		slot->fd = -1;
		list_init(&slot->due.link);
		return slot;
	}
	slot = take_first(&p->idle[family != AF_INET6]);
	if (slot)
		close_slot(p, slot);
	return slot;
}

bool prober_has_room(const struct prober *p)
{
	return p->busy < p->limit;
}

// True for errors that go away when other sockets are closed.
static bool is_shortage(int error)
{
	return error == -EMFILE || error == -ENFILE || error == -ENOBUFS || error == -ENOMEM ||
	       error == -EADDRNOTAVAIL;
}

// An attempt has failed. Only a socket whose connection was refused can be used for the next one:
// after another error nobody knows what its state is.
static void put_back_failed(struct prober *p, struct prober_slot *slot, int error)
{
	if (error != -ECONNREFUSED)
		close_slot(p, slot);
	put_back(p, slot);
}

// An attempt could not begin. The slot is free again.
static int fail_to_start(struct prober *p, struct prober_slot *slot, int error)
{
	put_back_failed(p, slot, error);
	if (!is_shortage(error) || !p->busy)
		return error;
	p->limit = p->busy; // wait for one of them
	return -EMFILE;
}

static void on_ready(struct watch *w, unsigned events);

// Only when something has to be waited for: what is near answers before.
static int start_watching(struct prober *p)
{
	int epoll = sys_epoll_create(EPOLL_CLOEXEC);
	int r = epoll < 0 ? epoll : watch_init(&p->watch, p->loop, epoll, 0, on_ready, p);

	if (r < 0) {
		if (epoll >= 0)
			sys_close_internal(epoll);
		return r;
	}
	watch_want(&p->watch, WATCH_READ);
	p->epoll = epoll;
	return 0;
}

static int watch_slot(struct prober *p, struct prober_slot *slot)
{
	// Edges tell of one attempt on the socket after another without further calls.
	struct epoll_event ev = {.events = EPOLLIN | EPOLLOUT | EPOLLET, .data.ptr = slot};
	int r = p->epoll < 0 ? start_watching(p) : 0;

	if (slot->is_watched || r < 0)
		return r;
	r = sys_epoll_ctl(p->epoll, EPOLL_CTL_ADD, slot->fd, &ev);
	if (r < 0)
		return r;
	slot->is_watched = true;
	return 0;
}

int prober_listen(struct prober *p, struct prober_slot *slot)
{
	return watch_slot(p, slot);
}

// Begins to connect, or asks how that goes. Returns 0 for a connection that stands, -EINPROGRESS,
// or why there is none.
static int ask(struct prober_slot *slot)
{
	int r = attempt_connect(slot->fd, &slot->address);

	if (r == 0)
		slot->state = PROBER_CONNECTED;
	return r;
}

static int open_slot(struct prober *p, struct prober_slot *slot, enum step *step)
{
	int fd;

	*step = STEP_CONNECT;
	if (slot->fd >= 0)
		return 0;
	fd = attempt_open(p->options.socket, slot->address.sa.sa_family, SOCK_STREAM, step);
	if (fd < 0)
		return fd;
	slot->fd = fd;
	p->open++;
	return 0;
}

int prober_connect(
	struct prober *p, const struct sockaddr_any *a, struct prober_slot **found, enum step *step)
{
	struct prober_slot *slot = prober_has_room(p) ? take(p, a->sa.sa_family) : NULL;
	int r;

	if (!slot)
		return -EMFILE;
	slot->address = *a;
	slot->began = trace_now();
	r = open_slot(p, slot, step);
	if (r == 0)
		r = ask(slot);
	if (r < 0 && r != -EINPROGRESS)
		return fail_to_start(p, slot, r);

	p->busy++;
	if (r == -EINPROGRESS) {
		slot->state = PROBER_CONNECTING;
		r = ask(slot); // what is near has answered by now
	}
	if (r == -EINPROGRESS) {
		int watched = watch_slot(p, slot);

		if (watched < 0) {
			close_slot(p, slot);
			r = watched;
		}
	}
	if (r < 0 && r != -EINPROGRESS)
		put_back_failed(p, slot, r);
	*found = slot;
	return r;
}

static void on_slot(struct prober *p, struct prober_slot *slot)
{
	int r;

	if (slot->state == PROBER_CONNECTED) {
		p->options.on_event(p->options.data, slot, 1);
	} else if (slot->state == PROBER_CONNECTING) {
		r = ask(slot);
		if (r == -EINPROGRESS)
			return;
		p->options.on_event(p->options.data, slot, r);
		if (r < 0)
			put_back_failed(p, slot, r);
	}
}

static void on_ready(struct watch *w, unsigned events)
{
	struct prober *p = w->data;
	struct epoll_event ready[EVENTS_PER_CALL];
	int n = sys_epoll_wait(p->epoll, ready, EVENTS_PER_CALL);

	(void)events;
	for (int i = 0; i < n; i++)
		on_slot(p, ready[i].data.ptr);
	p->options.on_done(p->options.data);
}

void prober_init(struct prober *p, uv_loop_t *loop, const struct prober_options *options)
{
	*p = (struct prober){
		.limit = options->limit, .options = *options, .loop = loop, .epoll = -1};
	p->slots = xcalloc(p->limit, sizeof(*p->slots));
	list_init(&p->idle[0]);
	list_init(&p->idle[1]);
	list_init(&p->empty);
}

void prober_fini(struct prober *p)
{
	if (!p->slots)
		return;
	if (p->epoll >= 0) {
		watch_fini(&p->watch);
		sys_close_internal(p->epoll);
	}
	for (size_t i = 0; i < p->count; i++)
		close_slot(p, &p->slots[i]);
	free(p->slots);
	p->slots = NULL;
}
