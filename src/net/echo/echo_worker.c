// SPDX-License-Identifier: ISC
#include "net/echo/echo_worker.h"

#include "base/mem.h"
#include "net/echo/echo_server.h"
#include "sys/file.h"
#include "sys/signals.h"
#include "sys/socket.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>

// Takes a place for one more connection of the server; false when there is none.
static bool take_place(struct echo_server *s)
{
	uint64_t max = s->options.max_connections;
	uint_fast64_t open = atomic_load(&s->open);

	do {
		if (max && open >= max)
			return false;
	} while (!atomic_compare_exchange_weak(&s->open, &open, open + 1));
	return true;
}

static void wake(struct echo_worker *w)
{
	uv_async_send(w->wake);
}

// Gives back what was taken, once the connection has gone. Any worker may wait for it.
static void give_place(struct echo_server *s)
{
	atomic_fetch_sub(&s->open, 1);
	if (atomic_load(&s->is_stopping))
		return;
	if (atomic_load(&s->waiting))
		for (unsigned i = 0; i < s->count; i++)
			wake(&s->workers[i]);
	else if (atomic_load(&s->is_draining))
		wake(&s->workers[0]); // for it to see whether that was the last
}

static void serve(struct echo_worker *w, int fd, const struct sockaddr_any *peer)
{
	struct echo_server *s = w->server;
	const struct echo_server_options *o = &s->options;
	uint64_t number = atomic_fetch_add(&s->accepted, 1) + 1;
	int r;

	if (o->keeps_records)
		o->events->on_accepted(o->data, number, peer);
	r = echo_streams_add(&w->streams, fd, number, peer);
	if (r < 0) {
		o->events->on_trouble(o->data, r, w->streams.open);
		give_place(s);
	}
}

// Accepts nobody until there is room. Another worker may make some at this very moment, so ask once
// more after having said that we wait.
static void wait_for_place(struct echo_worker *w, int fd, const struct sockaddr_any *peer)
{
	atomic_fetch_add(&w->server->waiting, 1);
	if (take_place(w->server)) {
		atomic_fetch_sub(&w->server->waiting, 1);
		serve(w, fd, peer);
		return;
	}
	w->is_full = true;
	w->waiting_fd = fd;
	w->waiting_peer = *peer;
	listener_pause(&w->listener);
}

static void end_waiting(struct echo_worker *w)
{
	atomic_fetch_sub(&w->server->waiting, 1);
	w->is_full = false;
}

static void on_accept(struct listener *l, int fd, const struct sockaddr_any *peer)
{
	struct echo_worker *w = l->data;
	const struct echo_server_options *o = &w->server->options;
	const char *why = access_refusal(o->access, peer);

	if (why) {
		o->events->on_refused(o->data, peer, why);
		sys_close(fd);
	} else if (take_place(w->server)) {
		serve(w, fd, peer);
	} else {
		wait_for_place(w, fd, peer);
	}
}

static void on_short(void *data, int error)
{
	struct echo_worker *w = data;
	const struct echo_server_options *o = &w->server->options;

	o->events->on_trouble(o->data, error, atomic_load(&w->server->open));
}

static void on_trouble(struct listener *l, int error)
{
	on_short(l->data, error);
}

// What it held is free again, also a descriptor.
static void on_leave(void *data)
{
	struct echo_worker *w = data;

	give_place(w->server);
	if (w->listener.troubled && !w->listener.closed)
		listener_resume(&w->listener);
}

static void on_closed(void *data, const struct echo_closed *closed)
{
	struct echo_worker *w = data;
	const struct echo_server_options *o = &w->server->options;

	o->events->on_closed(o->data, closed);
}

static bool may_send(void *data, const struct sockaddr_any *source)
{
	struct echo_worker *w = data;

	return !access_refusal(w->server->options.access, source);
}

static void close_datagrams(struct echo_worker *w)
{
	for (size_t i = 0; w->datagrams && i < w->bound.count; i++) {
		echo_datagrams_fini(&w->datagrams[i]);
		echo_datagram_counts_add(&w->counts, &w->datagrams[i].counts);
	}
	free(w->datagrams);
	w->datagrams = NULL;
	bind_close(&w->bound, NULL);
}

void echo_worker_close(struct echo_worker *w)
{
	if (w->listener.loop)
		listener_close(&w->listener, NULL);
	close_datagrams(w);
}

// Ends everything that uses the loop but what wakes it: others may just be about to.
static void release(struct echo_worker *w)
{
	if (w->is_full) {
		end_waiting(w);
		sys_close(w->waiting_fd);
		give_place(w->server); // unused: nobody must wait for it
	}
	echo_worker_close(w);
	w->stream_bytes += w->streams.bytes;
	echo_streams_fini(&w->streams);
}

static bool is_first(const struct echo_worker *w)
{
	return w == w->server->workers;
}

// Connections that are open, or accepted and waiting for one of them to end.
static uint64_t left(const struct echo_server *s)
{
	// In this order: who waits takes a place before it ceases to wait.
	unsigned waiting = atomic_load(&s->waiting);

	return atomic_load(&s->open) + waiting;
}

// Takes on nothing more. The first worker's sockets may be everybody's: it closes them last.
static void drain(struct echo_worker *w)
{
	struct echo_server *s = w->server;

	if (w->is_drained || (is_first(w) && atomic_load(&s->drained) + 1 < s->count))
		return;
	listener_accept_waiting(&w->listener);
	echo_worker_close(w);
	w->is_drained = true;
	atomic_fetch_add(&s->drained, 1);
	if (is_first(w))
		s->options.events->on_draining(s->options.data, left(s));
	else
		wake(s->workers);
}

// Once no worker accepts there are only less and less connections.
static void look_whether_drained(struct echo_worker *first)
{
	struct echo_server *s = first->server;

	if (first->is_drained && !left(s))
		s->options.events->on_drained(s->options.data);
}

static void on_wake(uv_async_t *async)
{
	struct echo_worker *w = async->data;

	if (atomic_load(&w->server->is_stopping)) {
		release(w); // only threads come here: the caller's loop has ended before
		uv_stop(w->loop);
		return;
	}
	if (w->is_full && take_place(w->server)) {
		end_waiting(w);
		serve(w, w->waiting_fd, &w->waiting_peer);
		if (!w->is_drained)
			listener_resume(&w->listener);
	}
	if (atomic_load(&w->server->is_draining)) {
		drain(w);
		if (is_first(w))
			look_whether_drained(w);
	}
}

int echo_worker_init(struct echo_worker *w, struct echo_server *server, uv_loop_t *loop)
{
	const struct echo_server_options *o = &server->options;
	int r = 0;

	*w = (struct echo_worker){.server = server, .loop = loop, .waiting_fd = -1};
	if (!loop) {
		w->loop = &w->own_loop;
		r = uv_loop_init(w->loop);
		w->has_loop = r == 0;
	}
	if (r < 0)
		return r;
	w->wake = xmalloc(sizeof(*w->wake));
	r = uv_async_init(w->loop, w->wake, on_wake);
	if (r < 0) {
		free(w->wake);
		w->wake = NULL;
		return r;
	}
	w->wake->data = w;
	r = echo_streams_init(&w->streams, w->loop, w);
	if (r < 0)
		return r;
	w->streams.idle_ms = o->idle_ms;
	w->streams.keeps_records = o->keeps_records;
	w->streams.on_leave = on_leave;
	w->streams.on_closed = on_closed;
	return 0;
}

// The first worker's sockets are bound alone, so that nobody else's port is shared unasked; after
// that they let the others' join them.
static int prepare(void *data, int fd)
{
	struct echo_worker *w = data;
	const struct listener_options *o = &w->server->options.listen;
	int r = 0;

	if (w != w->server->workers)
		r = sys_setsockopt_int(fd, SOL_SOCKET, SO_REUSEPORT, 1);
	return r == 0 && o->prepare ? o->prepare(o->prepare_data, fd) : r;
}

static int prepare_datagrams(void *data, int fd)
{
	echo_datagrams_make_room(fd);
	return prepare(data, fd);
}

static void let_others_join(struct echo_worker *w)
{
	if (w->server->count == 1 || w != w->server->workers)
		return;
	for (size_t i = 0; i < w->listener.count; i++)
		if (!w->listener.sockets[i].is_inherited)
			sys_setsockopt_int(w->listener.sockets[i].fd, SOL_SOCKET, SO_REUSEPORT, 1);
	for (size_t i = 0; i < w->bound.count; i++)
		if (!w->bound.sockets[i].is_inherited)
			sys_setsockopt_int(w->bound.sockets[i].fd, SOL_SOCKET, SO_REUSEPORT, 1);
}

static struct listener_options listener_options_of(struct echo_worker *w)
{
	struct listener_options o = w->server->options.listen;

	o.prepare = prepare;
	o.prepare_data = w;
	return o;
}

static struct bind_options bound_options_of(struct echo_worker *w)
{
	const struct listener_options *o = &w->server->options.listen;

	return (struct bind_options){.type = SOCK_DGRAM,
		.mode = o->mode,
		.group = o->group,
		.interface = o->interface,
		.prepare = prepare_datagrams,
		.prepare_data = w};
}

static struct address_list with_port(const struct address_list *l, uint16_t port)
{
	struct address_list copy = {xcalloc(l->count, sizeof(*l->items)), l->count};

	for (size_t i = 0; i < l->count; i++) {
		copy.items[i] = l->items[i];
		if (port)
			sockaddr_set_port(&copy.items[i], port);
	}
	return copy;
}

int echo_worker_open(struct echo_worker *w, const struct address_list *addresses, uint16_t port,
	struct sockaddr_any *failed, enum step *step)
{
	const struct echo_server_options *o = &w->server->options;
	struct listener_options streams = listener_options_of(w);
	struct bind_options datagrams = bound_options_of(w);
	struct address_list list = with_port(addresses, port);
	int r = 0;

	listener_init(&w->listener, w->loop, on_accept, on_trouble, w);
	if (o->streams) {
		r = listener_open(&w->listener, &list, &streams, failed, step);
		address_list_fini(&list);
		list = with_port(addresses, r < 0 ? 0 : echo_worker_port(w));
	}
	if (r == 0 && o->datagrams)
		r = bind_open(&w->bound, &list, &datagrams, failed, step);
	address_list_fini(&list);
	if (r == 0 && addresses->items[0].sa.sa_family != AF_UNIX) // which all take over
		let_others_join(w);
	return r;
}

uint16_t echo_worker_port(const struct echo_worker *w)
{
	return w->listener.count ? sockaddr_port(&w->listener.sockets[0].local)
				 : sockaddr_port(&w->bound.sockets[0].local);
}

int echo_worker_adopt(struct echo_worker *w, int fd, int type)
{
	listener_init(&w->listener, w->loop, on_accept, on_trouble, w);
	return type == SOCK_STREAM ? listener_adopt(&w->listener, fd, type)
				   : bind_adopt(&w->bound, fd, type);
}

static int start_datagrams(struct echo_worker *w)
{
	int r = 0;

	w->datagrams = xcalloc(w->bound.count, sizeof(*w->datagrams));
	for (size_t i = 0; r == 0 && i < w->bound.count; i++) {
		const struct bound_socket *s = &w->bound.sockets[i];
		struct echo_datagrams *e = &w->datagrams[i];

		r = echo_datagrams_init(e, w->loop, s->fd, s->is_inherited, &s->local);
		e->may_send = may_send;
		e->on_short = on_short;
		e->data = w;
	}
	return r;
}

static void *run(void *data)
{
	struct echo_worker *w = data;

	uv_run(w->loop, UV_RUN_DEFAULT);
	return NULL;
}

// Signals are for the main thread.
static int start_thread(struct echo_worker *w)
{
	sigset_t all;
	sigset_t old;
	int r;

	sigfillset(&all);
	sys_thread_sigmask(SIG_SETMASK, &all, &old);
	r = sys_worker_start(&w->thread, run, w);
	sys_thread_sigmask(SIG_SETMASK, &old, NULL);
	w->has_thread = r == 0;
	return r;
}

int echo_worker_start(struct echo_worker *w)
{
	int r = start_datagrams(w);

	if (r == 0)
		r = listener_start(&w->listener);
	return r == 0 && w->has_loop ? start_thread(w) : r;
}

void echo_worker_drain(struct echo_worker *w)
{
	wake(w);
}

void echo_worker_stop(struct echo_worker *w)
{
	if (w->has_thread) {
		wake(w);
		sys_worker_join(&w->thread);
	} else {
		release(w);
	}
	w->has_thread = false;
}

static void on_wake_closed(uv_handle_t *handle)
{
	free(handle);
}

void echo_worker_fini(struct echo_worker *w)
{
	if (w->wake)
		uv_close((uv_handle_t *)w->wake, on_wake_closed);
	w->wake = NULL;
	if (w->has_loop) {
		uv_run(w->loop, UV_RUN_DEFAULT);
		uv_loop_close(w->loop);
		w->has_loop = false;
	}
}
