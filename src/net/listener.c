// SPDX-License-Identifier: ISC
#include "net/listener.h"

#include "base/mem.h"
#include "base/util.h"
#include "net/stream.h"
#include "net/unix_path.h"
#include "sys/file.h"
#include "sys/socket.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define BATCH 64 // connections accepted per turn before others get theirs
#define RETRY_MS 100 // pause when descriptors have run out
#define PORT_TRIES 16 // for a port that is free on several addresses at once

static void on_retry(void *data)
{
	struct listener *l = data;

	if (!l->paused)
		listener_resume(l);
}

void listener_init(struct listener *l, uv_loop_t *loop, accept_fn *on_accept,
	accept_trouble_fn *on_trouble, void *data)
{
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

// A readiness that nobody serves would be reported without end: look away for a moment.
static void rest(struct listener *l, int error)
{
	want(l, 0);
	timer_start(&l->retry, RETRY_MS);
	if (!l->troubled && l->on_trouble)
		l->on_trouble(l, error);
	l->troubled = true;
}

static void on_connection(struct watch *w, unsigned events)
{
	struct listener_socket *s = w->data;
	struct listener *l = s->listener;
	// The mode of an inherited socket is not ours: asking once more might block.
	int batch = s->inherited ? 1 : BATCH;

	(void)events;
	// Once it is closed, s is gone.
	for (int i = 0; i < batch && !l->closed && !l->paused; i++) {
		struct sockaddr_any peer;
		int fd = sys_accept(s->fd, &peer, SOCK_NONBLOCK | SOCK_CLOEXEC);

		if (fd == -EAGAIN)
			return;
		if (is_exhausted(fd)) {
			rest(l, fd);
			return;
		}
		// What else can fail is the connection's trouble, not the listener's (accept(2)).
		if (fd < 0)
			continue;
		l->troubled = false;
		sockaddr_unmap(&peer);
		if (peer.sa.sa_family != AF_UNIX)
			stream_set_defaults(fd);
		l->on_accept(l, fd, &peer);
	}
}

static int add_socket(struct listener *l, int fd, bool inherited)
{
	struct listener_socket *s = &l->sockets[l->count++];

	*s = (struct listener_socket){.listener = l, .fd = fd, .inherited = inherited};
	return sys_getsockname(fd, &s->local);
}

static int make_socket(int family, const struct listener_options *o, const char **step)
{
	int r;
	int fd;

	*step = "socket";
	fd = sys_socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return fd;
	if (family != AF_UNIX)
		sys_setsockopt_int(fd, SOL_SOCKET, SO_REUSEADDR, 1);
	r = 0;
	if (o->interface && family != AF_UNIX) {
		*step = "interface";
		r = sys_setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, o->interface,
			(socklen_t)strlen(o->interface));
	}
	if (r == 0 && o->prepare) {
		*step = "prepare";
		r = o->prepare(o->prepare_data, fd);
	}
	if (r == 0)
		return fd;
	sys_close(fd);
	return r;
}

// Binds and listens on one address. Returns the socket or a negative errno.
static int open_one(const struct sockaddr_any *a, bool dual, const struct listener_options *o,
	const char **step)
{
	int fd = make_socket(a->sa.sa_family, o, step);
	int r;

	if (fd < 0)
		return fd;
	if (a->sa.sa_family == AF_INET6)
		sys_setsockopt_int(fd, IPPROTO_IPV6, IPV6_V6ONLY, !dual);
	*step = "bind";
	r = sys_bind(fd, &a->sa, a->len);
	if (r == 0) {
		*step = "listen";
		r = sys_listen(fd, o->backlog);
	}
	if (r == 0)
		return fd;
	sys_close(fd);
	return r;
}

static bool is_any6(const struct sockaddr_any *a)
{
	return a->sa.sa_family == AF_INET6 && IN6_IS_ADDR_UNSPECIFIED(&a->in6.sin6_addr);
}

static bool is_any4(const struct sockaddr_any *a)
{
	return a->sa.sa_family == AF_INET && a->in.sin_addr.s_addr == htonl(INADDR_ANY);
}

static void close_sockets(struct listener *l)
{
	for (size_t i = 0; i < l->count; i++) {
		watch_fini(&l->sockets[i].watch);
		if (!l->sockets[i].inherited)
			sys_close(l->sockets[i].fd);
	}
	free(l->sockets);
	l->sockets = NULL;
	l->count = 0;
}

// A system without IPv6 has no addresses of it to bind; those of the other family will do.
static bool is_missing_family(int error)
{
	return error == -EAFNOSUPPORT || error == -EADDRNOTAVAIL;
}

static int open_all(struct listener *l, const struct address_list *list, uint16_t port,
	const struct listener_options *o, struct sockaddr_any *failed, const char **step)
{
	bool both = list->count == 2 && is_any6(&list->items[0]) && is_any4(&list->items[1]);

	l->sockets = xcalloc(list->count, sizeof(*l->sockets));
	for (size_t i = 0; i < list->count; i++) {
		struct sockaddr_any a = list->items[i];

		if (both && i == 1 && l->count == 1)
			break; // the IPv6 socket serves IPv4, too
		if (port)
			sockaddr_set_port(&a, port);

		int fd = open_one(&a, both, o, step);

		if (fd < 0 && is_missing_family(fd) && i + 1 < list->count)
			continue;
		if (fd < 0) {
			*failed = a;
			return fd;
		}
		add_socket(l, fd, false);
		port = sockaddr_port(&l->sockets[0].local);
	}
	return 0;
}

int listener_open(struct listener *l, const struct address_list *addresses,
	const struct listener_options *options, struct sockaddr_any *failed, const char **step)
{
	bool any_port = addresses->count > 0 && sockaddr_port(&addresses->items[0]) == 0;
	int r = 0;

	// The port that is free on the first address may be taken on the next.
	for (int i = 0; i < (any_port ? PORT_TRIES : 1); i++) {
		r = open_all(l, addresses, 0, options, failed, step);
		if (r == 0)
			return 0;
		close_sockets(l);
		if (r != -EADDRINUSE)
			break;
	}
	return r;
}

int listener_open_unix(struct listener *l, const struct sockaddr_any *address,
	const struct listener_options *options, const char **step)
{
	bool is_path = address->un.sun_path[0] != '\0';
	int fd = make_socket(AF_UNIX, options, step);
	int r;

	if (fd < 0)
		return fd;
	*step = "bind";
	r = is_path ? unix_path_bind(fd, address, options->mode)
		    : sys_bind(fd, &address->sa, address->len);
	if (r == 0) {
		*step = "listen";
		r = sys_listen(fd, options->backlog);
	}
	if (r < 0) {
		sys_close(fd);
		return r;
	}
	l->sockets = xcalloc(1, sizeof(*l->sockets));
	add_socket(l, fd, false);
	if (is_path) {
		l->unix_path = xstrdup(address->un.sun_path);
		unix_path_identify(l->unix_path, &l->unix_dev, &l->unix_ino);
	}
	return 0;
}

int listener_adopt(struct listener *l, int fd)
{
	int listens = 0;
	socklen_t len = sizeof(listens);
	int r = sys_getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &len);

	if (r < 0)
		return r;
	if (!listens)
		return -EINVAL;
	l->sockets = xcalloc(1, sizeof(*l->sockets));
	add_socket(l, fd, true);
	return 0;
}

void listener_start(struct listener *l)
{
	for (size_t i = 0; i < l->count; i++) {
		struct listener_socket *s = &l->sockets[i];

		watch_init(&s->watch, l->loop, s->fd, s->inherited ? WATCH_SHARED : 0,
			on_connection, s);
		watch_want(&s->watch, WATCH_READ);
	}
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

void listener_close(struct listener *l)
{
	if (l->closed)
		return;
	l->closed = true;
	timer_fini(&l->retry);
	close_sockets(l);
	if (l->unix_path)
		unix_path_remove(l->unix_path, l->unix_dev, l->unix_ino);
	free(l->unix_path);
	l->unix_path = NULL;
}
