// SPDX-License-Identifier: ISC
#include "net/echo/echo_server.h"

#include "base/mem.h"
#include "sys/socket.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#define PORT_TRIES 16 // for a port that is free for streams and datagrams

int echo_server_init(
	struct echo_server *s, uv_loop_t *loop, const struct echo_server_options *options)
{
	int r = 0;

	assert(options->threads > 0 && options->events);
	*s = (struct echo_server){.options = *options};
	s->workers = xcalloc(options->threads, sizeof(*s->workers));
	while (r == 0 && s->count < options->threads) {
		r = echo_worker_init(&s->workers[s->count], s, s->count ? NULL : loop);
		s->count++;
	}
	return r;
}

static void close_all(struct echo_server *s)
{
	for (unsigned i = 0; i < s->count; i++)
		echo_worker_close(&s->workers[i]);
}

static int open_all(struct echo_server *s, const struct address_list *addresses,
	struct sockaddr_any *failed, enum step *step)
{
	uint16_t port = 0;
	int r = 0;

	for (unsigned i = 0; r == 0 && i < s->count; i++) {
		r = echo_worker_open(&s->workers[i], addresses, port, failed, step);
		if (r == 0)
			port = echo_worker_port(&s->workers[0]);
	}
	return r;
}

// There can be one socket only, which the first worker has opened.
static int share_socket(struct echo_server *s)
{
	struct echo_worker *first = &s->workers[0];
	bool is_stream = first->listener.count > 0;
	int fd = is_stream ? first->listener.sockets[0].fd : first->bound.sockets[0].fd;
	int r = 0;

	for (unsigned i = 1; r == 0 && i < s->count; i++)
		r = echo_worker_adopt(&s->workers[i], fd, is_stream ? SOCK_STREAM : SOCK_DGRAM);
	return r;
}

int echo_server_open(struct echo_server *s, const struct address_list *addresses,
	struct sockaddr_any *failed, enum step *step)
{
	const struct sockaddr_any *first = &addresses->items[0];
	bool any_port = sockaddr_port(first) == 0;
	int r = 0;

	if (first->sa.sa_family == AF_UNIX) {
		r = echo_worker_open(&s->workers[0], addresses, 0, failed, step);
		return r < 0 ? r : share_socket(s);
	}
	for (int i = 0; i < (any_port ? PORT_TRIES : 1); i++) {
		r = open_all(s, addresses, failed, step);
		if (r == 0)
			return 0;
		close_all(s);
		if (r != -EADDRINUSE)
			break;
	}
	return r;
}

int echo_server_adopt(struct echo_server *s, int fd)
{
	int type = 0;
	socklen_t len = sizeof(type);
	int r = sys_getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len);

	if (r == 0 && !(type == SOCK_STREAM && s->options.streams) &&
		!(type == SOCK_DGRAM && s->options.datagrams))
		r = -EINVAL;
	if (r == 0)
		r = echo_worker_adopt(&s->workers[0], fd, type);
	return r < 0 ? r : share_socket(s);
}

void echo_server_add_paths(const struct echo_server *s, struct strlist *paths)
{
	const struct echo_worker *first = &s->workers[0];

	bind_add_paths(&first->listener.bound, paths);
	bind_add_paths(&first->bound, paths);
}

int echo_server_start(struct echo_server *s)
{
	int r = 0;

	for (unsigned i = 0; r == 0 && i < s->count; i++)
		r = echo_worker_start(&s->workers[i]);
	return r;
}

void echo_server_drain(struct echo_server *s)
{
	assert(s->options.events->on_draining && s->options.events->on_drained);
	atomic_store(&s->is_draining, true);
	for (unsigned i = 0; i < s->count; i++)
		echo_worker_drain(&s->workers[i]);
}

void echo_server_stop(struct echo_server *s)
{
	atomic_store(&s->is_stopping, true);
	for (unsigned i = s->count; i > 0; i--) // the first one's sockets may be everybody's
		echo_worker_stop(&s->workers[i - 1]);
}

struct echo_counts echo_server_counts(const struct echo_server *s)
{
	struct echo_counts sum = {.connections = atomic_load(&s->accepted)};

	for (unsigned i = 0; i < s->count; i++) {
		sum.stream_bytes += s->workers[i].stream_bytes;
		echo_datagram_counts_add(&sum.datagrams, &s->workers[i].counts);
	}
	return sum;
}

void echo_server_fini(struct echo_server *s)
{
	for (unsigned i = 0; i < s->count; i++)
		echo_worker_fini(&s->workers[i]);
	free(s->workers);
	*s = (struct echo_server){0};
}
