// SPDX-License-Identifier: ISC
#include "net/listener.h"

#include "base/mem.h"
#include "base/util.h"
#include "io/fd.h"
#include "net/stream_socket.h"
#include "sys/socket.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define BATCHES 64 // at most, of those who wait when accepting ends
#define BATCH 64 // connections accepted per turn before others get theirs
#define RETRY_MS 100 // pause when descriptors have run out
#define LONGEST_PAUSE_MS 3000 // of those that grow

static void on_retry(void *data)
{
	struct listener *l = data;

	if (!l->paused)
		listener_resume(l);
}

void listener_init(struct listener *l, uv_loop_t *loop, accept_fn *on_accept,
	accept_trouble_fn *on_trouble, void *data)
{
	assert(loop && on_accept && on_trouble);
	*l = (struct listener){
		.on_accept = on_accept, .on_trouble = on_trouble, .data = data, .loop = loop};
	timer_init(&l->retry, loop, on_retry, l);
}

static void want(struct listener *l, unsigned events)
{
	for (size_t i = 0; i < l->count; i++)
		watch_want(&l->sockets[i].watch, events);
}

static bool is_exhausted(int error)
{
	return error == -EMFILE || error == -ENFILE || error == -ENOBUFS || error == -ENOMEM;
}

// Errors of the connection that would have been next, and is gone with it (accept(2)).
static bool is_of_connection(int error)
{
	switch (-error) {
	case ECONNABORTED:
	case ECONNRESET:
	case EHOSTDOWN:
	case EHOSTUNREACH:
	case EINTR:
	case ENETDOWN:
	case ENETUNREACH:
	case ENONET:
	case ENOPROTOOPT:
	case EOPNOTSUPP:
	case EPERM:
	case EPROTO:
	case ETIMEDOUT:
		return true;
	default:
		return false;
	}
}

// A readiness that nobody serves would be reported without end: look away for a moment. What no
// client that leaves can end, such as a socket that another owner has shut down, is looked at ever
// more seldom.
static void rest(struct listener *l, int error)
{
	bool grows = !is_exhausted(error) && l->pause_ms;

	l->pause_ms = grows ? MIN(l->pause_ms * 2, LONGEST_PAUSE_MS) : RETRY_MS;
	want(l, 0);
	timer_start(&l->retry, l->pause_ms);
	if (!l->troubled && l->on_trouble)
		l->on_trouble(l, error);
	l->troubled = true;
}

// Others may accept from an inherited socket, too, whose mode is not ours: what was ready can be
// gone, and asking would block. Our own threads take turns.
static int accept_shared(int fd, struct sockaddr_any *peer)
{
	static pthread_mutex_t turn = PTHREAD_MUTEX_INITIALIZER;
	int r = -EAGAIN;

	pthread_mutex_lock(&turn);
	if (fd_is_ready(fd, POLLIN))
		r = sys_accept_shared(fd, peer, SOCK_NONBLOCK | SOCK_CLOEXEC);
	pthread_mutex_unlock(&turn);
	return r;
}

// Returns whether more may wait. Once the listener is closed, S is gone.
static bool accept_batch(struct listener_socket *s)
{
	struct listener *l = s->listener;

	for (int i = 0; i < BATCH && !l->closed && !l->paused; i++) {
		struct sockaddr_any peer;
		int fd = s->is_inherited ? accept_shared(s->fd, &peer)
					 : sys_accept(s->fd, &peer, SOCK_NONBLOCK | SOCK_CLOEXEC);

		if (fd == -EAGAIN)
			return false;
		if (fd < 0 && is_of_connection(fd) && ++l->failures < BATCH)
			continue;
		if (fd < 0) {
			rest(l, fd);
			return false;
		}
		l->troubled = false;
		l->failures = 0;
		l->pause_ms = 0;
		sockaddr_unmap(&peer);
		if (peer.sa.sa_family == AF_UNIX)
			stream_socket_inherit_buffer(fd, s->fd);
		else if (s->is_inherited)
			stream_socket_set_defaults(fd, peer.sa.sa_family);
		l->on_accept(l, fd, &peer);
	}
	return !l->closed && !l->paused;
}

static void on_connection(struct watch *w, unsigned events)
{
	(void)events;
	accept_batch(w->data);
}

// Gives each bound socket its watch.
static void take_sockets(struct listener *l)
{
	free(l->sockets);
	l->count = l->bound.count;
	l->sockets = xcalloc(l->count, sizeof(*l->sockets));
	for (size_t i = 0; i < l->count; i++) {
		const struct bound_socket *b = &l->bound.sockets[i];

		l->sockets[i] = (struct listener_socket){.listener = l,
			.fd = b->fd,
			.is_inherited = b->is_inherited,
			.local = b->local};
	}
}

static struct bind_options options_of(const struct listener_options *o)
{
	return (struct bind_options){.type = o->type ? o->type : SOCK_STREAM,
		.protocol = o->protocol,
		.backlog = o->backlog,
		.reuse = o->type != SOCK_DGRAM,
		.mode = o->mode,
		.group = o->group,
		.interface = o->interface,
		.prepare = o->prepare,
		.prepare_data = o->prepare_data};
}

int listener_open(struct listener *l, const struct address_list *addresses,
	const struct listener_options *options, struct sockaddr_any *failed, enum step *step)
{
	struct bind_options o = options_of(options);
	int r = bind_open(&l->bound, addresses, &o, failed, step);

	assert(l->loop && !l->closed);
	if (r == 0)
		take_sockets(l);
	return r;
}

int listener_adopt(struct listener *l, int fd, int type)
{
	int r = bind_adopt(&l->bound, fd, type);

	if (r == 0)
		take_sockets(l);
	return r;
}

int listener_start(struct listener *l)
{
	assert(!l->closed);
	l->started = true;
	for (size_t i = 0; i < l->count; i++) {
		struct listener_socket *s = &l->sockets[i];
		int r = watch_init(&s->watch, l->loop, s->fd, s->is_inherited ? WATCH_SHARED : 0,
			on_connection, s);

		if (r < 0)
			return r;
		watch_want(&s->watch, WATCH_READ);
	}
	return 0;
}

const char *listener_strerror(int error)
{
	return error == -EINVAL ? "another process has shut the socket down" : strerror(-error);
}

void listener_pause(struct listener *l)
{
	l->paused = true;
	want(l, 0);
}

void listener_resume(struct listener *l)
{
	l->paused = false;
	timer_stop(&l->retry);
	want(l, WATCH_READ);
}

void listener_accept_waiting(struct listener *l)
{
	int left = l->started ? BATCHES : 0;

	for (size_t i = 0; !l->closed && i < l->count; i++)
		while (!l->sockets[i].is_inherited && left-- > 0 && accept_batch(&l->sockets[i]))
			continue;
}

int listener_close(struct listener *l, struct str *left)
{
	if (l->closed)
		return 0;
	l->closed = true;
	timer_fini(&l->retry);
	for (size_t i = 0; i < l->count; i++)
		watch_fini(&l->sockets[i].watch);
	free(l->sockets);
	l->sockets = NULL;
	l->count = 0;
	return bind_close(&l->bound, left);
}
