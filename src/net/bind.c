// SPDX-License-Identifier: ISC
#include "net/bind.h"

#include "base/mem.h"
#include "net/stream_socket.h"
#include "sys/file.h"
#include "sys/socket.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define PORT_TRIES 16 // for a port that is free on several addresses at once

static int add_socket(struct bound *b, int fd, bool is_inherited)
{
	struct bound_socket *s = &b->sockets[b->count++];

	*s = (struct bound_socket){.fd = fd, .is_inherited = is_inherited};
	return sys_getsockname(fd, &s->local);
}

// DUAL: an IPv6 socket serves IPv4 as well, or alone, unless the user says otherwise.
static int make_socket(int family, bool dual, const struct bind_options *o, enum step *step)
{
	int r = 0;
	int fd;

	*step = STEP_SOCKET;
	fd = stream_socket_connects(o->type)
		     ? stream_socket_make(family, o->type, o->protocol)
		     : sys_socket(family, o->type | SOCK_NONBLOCK | SOCK_CLOEXEC, o->protocol);
	if (fd < 0)
		return fd;
	if (o->reuse && family != AF_UNIX)
		sys_setsockopt_int(fd, SOL_SOCKET, SO_REUSEADDR, 1);
	if (family == AF_INET6 && o->type != SOCK_RAW)
		sys_setsockopt_int(fd, IPPROTO_IPV6, IPV6_V6ONLY, !dual);
	if (stream_socket_connects(o->type))
		stream_socket_set_defaults(fd, family); // its connections inherit them
	if (o->interface && family != AF_UNIX) {
		*step = STEP_INTERFACE;
		r = sys_setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, o->interface,
			(socklen_t)strlen(o->interface));
	}
	if (r == 0 && o->prepare) {
		*step = STEP_OPTION;
		r = o->prepare(o->prepare_data, fd);
	}
	if (r == 0)
		return fd;
	sys_close(fd);
	return r;
}

static int start_listening(int fd, const struct bind_options *o, enum step *step)
{
	if (!stream_socket_connects(o->type))
		return 0;
	*step = STEP_LISTEN;
	return sys_listen(fd, o->backlog);
}

static bool is_path(const struct sockaddr_any *a)
{
	return a->sa.sa_family == AF_UNIX && a->un.sun_path[0];
}

// Nobody else may connect by the rights of the group that it is made with.
static int bind_path(int fd, const struct sockaddr_any *a, const struct bind_options *o,
	struct unix_file *file, enum step *step)
{
	int r = unix_path_bind(fd, a, o->group ? o->mode & ~S_IRWXG : o->mode, file);

	if (r < 0 || !o->group)
		return r;
	*step = STEP_GROUP;
	r = unix_path_give(a->un.sun_path, file, o->mode, *o->group);
	if (r < 0)
		unix_path_remove(a->un.sun_path, file);
	return r;
}

static int bind_socket(struct bound *b, int fd, const struct sockaddr_any *a,
	const struct bind_options *o, enum step *step)
{
	struct unix_file file;
	int r;

	*step = STEP_BIND;
	if (!is_path(a))
		return sys_bind(fd, &a->sa, a->len);
	r = bind_path(fd, a, o, &file, step);
	if (r < 0)
		return r;
	b->files = xrealloc(b->files, (b->file_count + 1) * sizeof(*b->files));
	b->files[b->file_count++] =
		(struct bound_file){.path = xstrdup(a->un.sun_path), .file = file};
	return 0;
}

// Binds to one address, and listens. Returns 0 or a negative errno.
static int open_one(struct bound *b, const struct sockaddr_any *a, bool dual,
	const struct bind_options *o, enum step *step)
{
	bool is_mapped = a->sa.sa_family == AF_INET6 && IN6_IS_ADDR_V4MAPPED(&a->in6.sin6_addr);
	int fd = make_socket(a->sa.sa_family, dual || is_mapped, o, step);
	int r;

	if (fd < 0)
		return fd;
	r = bind_socket(b, fd, a, o, step);
	if (r == 0)
		r = start_listening(fd, o, step);
	if (r < 0) {
		sys_close(fd);
		return r;
	}
	*step = STEP_NAME;
	return add_socket(b, fd, false);
}

static bool is_wildcard_of(const struct sockaddr_any *a, int family)
{
	return a->sa.sa_family == family && sockaddr_is_wildcard(a);
}

// Closes all but the first COUNT sockets and removes all but the first FILE_COUNT files. Returns as
// bind_close() does.
static int close_from(struct bound *b, size_t count, size_t file_count, struct str *left)
{
	int r = 0;

	while (b->count > count) {
		const struct bound_socket *s = &b->sockets[--b->count];

		if (!s->is_inherited)
			sys_close(s->fd);
	}
	while (b->file_count > file_count) {
		struct bound_file *f = &b->files[--b->file_count];
		int error = unix_path_remove(f->path, &f->file);

		if (error < 0 && left) {
			str_clear(left);
			str_addf(left, "unix:%s", f->path);
		}
		r = error < 0 ? error : r;
		free(f->path);
	}
	return r;
}

// A system without IPv6 has no addresses of it to bind; those of the other family will do.
static bool is_missing_family(int error)
{
	return error == -EAFNOSUPPORT || error == -EADDRNOTAVAIL;
}

static int open_all(struct bound *b, const struct address_list *list, uint16_t port,
	const struct bind_options *o, struct sockaddr_any *failed, enum step *step)
{
	size_t first = b->count;
	bool both = o->type != SOCK_RAW && list->count == 2 &&
		    is_wildcard_of(&list->items[0], AF_INET6) &&
		    is_wildcard_of(&list->items[1], AF_INET);

	b->sockets = xrealloc(b->sockets, (first + list->count) * sizeof(*b->sockets));
	for (size_t i = 0; i < list->count; i++) {
		struct sockaddr_any a = list->items[i];

		if (both && i == 1 && b->count == first + 1)
			break; // the IPv6 socket serves IPv4, too, where that is wanted
		if (port)
			sockaddr_set_port(&a, port);

		int r = open_one(b, &a, both, o, step);

		if (r < 0 && is_missing_family(r) && i + 1 < list->count)
			continue;
		if (r < 0) {
			*failed = a;
			return r;
		}
		port = sockaddr_port(&b->sockets[first].local);
	}
	return 0;
}

void bind_add_paths(const struct bound *b, struct strlist *paths)
{
	for (size_t i = 0; i < b->file_count; i++)
		strlist_add(paths, b->files[i].path);
}

int bind_close(struct bound *b, struct str *left)
{
	int r = close_from(b, 0, 0, left);

	free(b->sockets);
	free(b->files);
	*b = (struct bound){0};
	return r;
}

int bind_open(struct bound *b, const struct address_list *addresses,
	const struct bind_options *options, struct sockaddr_any *failed, enum step *step)
{
	const struct sockaddr_any *first = &addresses->items[0];
	const size_t count = b->count;
	const size_t file_count = b->file_count;
	bool any_port = first->sa.sa_family != AF_UNIX && sockaddr_port(first) == 0;
	int r = 0;

	// The port that is free on the first address may be taken on the next.
	for (int i = 0; i < (any_port ? PORT_TRIES : 1); i++) {
		r = open_all(b, addresses, 0, options, failed, step);
		if (r == 0)
			return 0;
		close_from(b, count, file_count, NULL);
		if (r != -EADDRINUSE)
			break;
	}
	return r;
}

int bind_adopt(struct bound *b, int fd, int type)
{
	int value = 0;
	socklen_t len = sizeof(value);
	int r = sys_getsockopt(fd, SOL_SOCKET, SO_TYPE, &value, &len);

	if (r == 0 && value != type)
		r = -EINVAL;
	if (r == 0 && stream_socket_connects(type)) {
		r = sys_getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &value, &len);
		if (r == 0 && !value)
			r = -EINVAL;
	}
	if (r < 0)
		return r;
	b->sockets = xrealloc(b->sockets, (b->count + 1) * sizeof(*b->sockets));
	add_socket(b, fd, true);
	return 0;
}
