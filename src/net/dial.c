// SPDX-License-Identifier: ISC
#include "net/dial.h"

#include "base/mem.h"
#include "base/util.h"
#include "net/stream.h"
#include "sys/file.h"
#include "sys/socket.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define STAGGER_MS 250 // RFC 8305 section 5: Connection Attempt Delay
#define BACKLOG_RETRY_MS 10
#define MAX_ADDRESSES 64 // of one name; more are not tried

// One attempt to connect.
struct dial_socket {
	struct dial *dial;
	int fd; // -1 once it has failed
	struct watch watch;
};

static void start_try(struct dial *d);
static void start_next(struct dial *d);

static void close_socket(struct dial_socket *s)
{
	watch_fini(&s->watch);
	if (s->fd >= 0)
		sys_close(s->fd);
	s->fd = -1;
}

// Ends the attempts of this try and forgets its addresses, but not what the attempts met.
static void end_try(struct dial *d)
{
	timer_stop(&d->stagger);
	timer_stop(&d->limit);
	if (d->lookup)
		lookup_cancel(d->lookup);
	d->lookup = NULL;
	for (size_t i = 0; d->sockets && i < d->attempt_count; i++)
		close_socket(&d->sockets[i]);
	free(d->sockets);
	d->sockets = NULL;
	d->pending = 0;
	address_list_fini(&d->addresses);
	d->next = 0;
}

static void finish(struct dial *d, enum dial_failure failure, int error)
{
	end_try(d);
	d->finished = true;
	d->failure = failure;
	d->error = error;
	d->done(d);
}

static void fail_try(struct dial *d, enum dial_failure failure, int error)
{
	d->tries++;
	if (d->tries > d->options.retries || failure == DIAL_LOCAL) {
		finish(d, failure, error);
		return;
	}
	end_try(d);
	d->failure = failure;
	d->error = error;
	if (d->on_retry)
		d->on_retry(d);
	timer_start(&d->delay, d->options.retry_delay_ms);
}

static void on_limit(void *data)
{
	struct dial *d = data;

	for (size_t i = 0; i < d->attempt_count; i++)
		if (!d->attempts[i].error)
			d->attempts[i].error = -ETIMEDOUT;
	fail_try(d, DIAL_TIMEOUT, -ETIMEDOUT);
}

static void on_delay(void *data)
{
	start_try(data);
}

static void succeed(struct dial *d, struct dial_socket *s, size_t index)
{
	d->fd = s->fd;
	s->fd = -1; // the owner's now
	d->address = d->attempts[index].address;
	finish(d, DIAL_OK, 0);
}

static bool is_wildcard(const struct sockaddr_any *a)
{
	return a->sa.sa_family == AF_INET ? a->in.sin_addr.s_addr == htonl(INADDR_ANY)
					  : IN6_IS_ADDR_UNSPECIFIED(&a->in6.sin6_addr);
}

// Gives the socket the local address and port that were asked for.
static int bind_socket(const struct dial *d, int fd, int family)
{
	struct sockaddr_any local = d->options.bind;

	if (!local.len || family == AF_UNIX)
		return 0;
	if (local.sa.sa_family != family) {
		uint16_t port = sockaddr_port(&local);

		if (!is_wildcard(&local))
			return -EADDRNOTAVAIL;
		local = (struct sockaddr_any){.sa.sa_family = (sa_family_t)family};
		local.len = family == AF_INET ? sizeof(local.in) : sizeof(local.in6);
		sockaddr_set_port(&local, port);
	}
	// A fixed port would stay taken for a minute after each connection.
	if (sockaddr_port(&local))
		sys_setsockopt_int(fd, SOL_SOCKET, SO_REUSEADDR, 1);
	return sys_bind(fd, &local.sa, local.len);
}

static int prepare_socket(struct dial *d, struct dial_attempt *a, int fd)
{
	int family = a->address.sa.sa_family;
	const char *interface = d->options.interface;
	int r = 0;

	if (family != AF_UNIX)
		stream_set_defaults(fd);
	if (interface && family != AF_UNIX) {
		a->step = "interface";
		r = sys_setsockopt(
			fd, SOL_SOCKET, SO_BINDTODEVICE, interface, (socklen_t)strlen(interface));
	}
	if (r == 0 && d->options.prepare) {
		a->step = "prepare";
		r = d->options.prepare(d->options.prepare_data, fd);
	}
	if (r == 0) {
		a->step = "bind";
		r = bind_socket(d, fd, family);
	}
	a->step = r == 0 ? "connect" : a->step;
	return r;
}

static void attempt_failed(struct dial *d, size_t index, int error)
{
	d->attempts[index].error = error;
	if (strcmp(d->attempts[index].step, "prepare") == 0 && error != -ENOPROTOOPT) {
		// No other address would fare better, but one of the other family may.
		fail_try(d, DIAL_LOCAL, error);
		return;
	}
	if (error == -EAGAIN) {
		// The backlog of a Unix socket is full. No event tells when it is not, so ask
		// again.
		d->next = index;
		timer_start(&d->stagger, BACKLOG_RETRY_MS);
		return;
	}
	if (d->next < d->addresses.count) {
		start_next(d); // at once: there is nothing to wait for any more
		return;
	}
	if (d->pending == 0)
		fail_try(d, DIAL_REFUSED, d->attempts[0].error);
}

static void on_ready(struct watch *w, unsigned events)
{
	struct dial_socket *s = w->data;
	struct dial *d = s->dial;
	size_t index = (size_t)(s - d->sockets);
	int error = sys_socket_error(s->fd);

	(void)events;
	d->pending--;
	if (error) {
		close_socket(s);
		attempt_failed(d, index, error);
		return;
	}
	watch_fini(&s->watch);
	succeed(d, s, index);
}

// Returns 1 if the connection stands, 0 if it is under way, or a negative errno.
static int connect_socket(struct dial *d, struct dial_socket *s, struct dial_attempt *a)
{
	int family = a->address.sa.sa_family;
	int r;

	a->step = "socket";
	s->fd = sys_socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (s->fd < 0)
		return s->fd;
	r = prepare_socket(d, a, s->fd);
	if (r < 0)
		return r;
	r = sys_connect(s->fd, &a->address.sa, a->address.len);
	if (r == 0)
		return 1;
	if (r != -EINPROGRESS && r != -EINTR)
		return r;
	r = watch_init(&s->watch, d->loop, s->fd, 0, on_ready, s);
	if (r == 0)
		watch_want(&s->watch, WATCH_WRITE);
	return r;
}

static void start_next(struct dial *d)
{
	size_t index = d->next++;
	struct dial_socket *s = &d->sockets[index];
	struct dial_attempt *a = &d->attempts[index];

	timer_stop(&d->stagger);
	d->attempt_count = d->next;
	*s = (struct dial_socket){.dial = d, .fd = -1};
	*a = (struct dial_attempt){.address = d->addresses.items[index]};

	int r = connect_socket(d, s, a);

	if (r > 0) {
		succeed(d, s, index);
	} else if (r < 0) {
		close_socket(s);
		attempt_failed(d, index, r);
	} else {
		d->pending++;
		if (d->next < d->addresses.count)
			timer_start(&d->stagger, STAGGER_MS);
	}
}

static void on_stagger(void *data)
{
	start_next(data);
}

void interleave_families(struct address_list *l)
{
	struct sockaddr_any *sorted = xcalloc(l->count, sizeof(*sorted));
	size_t next[2] = {0, 0}; // where to look for the next of the first family and of the others
	int first = l->count ? l->items[0].sa.sa_family : AF_UNSPEC;

	for (size_t i = 0; i < l->count; i++) {
		// Take the other kind in turn, and what is left when one kind is used up.
		for (int turn = 0; turn < 2; turn++) {
			int kind = (int)(i + (size_t)turn) % 2;
			size_t at = next[kind];

			while (at < l->count && (l->items[at].sa.sa_family != first) != kind)
				at++;
			next[kind] = at;
			if (at == l->count)
				continue;
			sorted[i] = l->items[at];
			next[kind]++;
			break;
		}
	}
	free(l->items);
	l->items = sorted;
}

static void start_attempts(struct dial *d, struct address_list list)
{
	list.count = MIN(list.count, MAX_ADDRESSES);
	interleave_families(&list);
	d->addresses = list;
	d->attempts = xrealloc(d->attempts, list.count * sizeof(*d->attempts));
	d->sockets = xcalloc(list.count, sizeof(*d->sockets));
	start_next(d);
}

static void on_lookup(void *data, int code, int error, struct address_list list)
{
	struct dial *d = data;

	d->lookup = NULL;
	d->code = code;
	if (code == 0 && list.count > 0) {
		start_attempts(d, list);
		return;
	}
	address_list_fini(&list);
	if (code == 0 || lookup_is_not_found(code))
		fail_try(d, DIAL_NOT_FOUND, 0);
	else
		fail_try(d, DIAL_NAME_SERVICE, code == EAI_SYSTEM ? error : 0);
}

static void start_lookup(struct dial *d)
{
	const struct place *p = d->place;
	struct addrinfo hints = {.ai_family = d->options.family, .ai_socktype = SOCK_STREAM};
	struct address_list list;
	int code;
	int error;

	if (is_port_number(p->service, 0))
		hints.ai_flags |= AI_NUMERICSERV;
	if (d->options.numeric)
		hints.ai_flags |= AI_NUMERICHOST;
	if (lookup_numeric(p->host, p->service, d->options.family, 0, &code, &list)) {
		on_lookup(d, code, 0, list);
		return;
	}
	d->lookup = lookup_start(d->loop, p->host, p->service, &hints, on_lookup, d, &error);
	if (!d->lookup)
		fail_try(d, DIAL_LOCAL, error);
}

static void start_try(struct dial *d)
{
	d->attempt_count = 0;
	if (d->options.connect_timeout_ms)
		timer_start(&d->limit, d->options.connect_timeout_ms);
	if (d->place->kind == PLACE_UNIX) {
		struct address_list one = {xmalloc(sizeof(*one.items)), 1};

		one.items[0] = d->place->unix_address;
		start_attempts(d, one);
	} else {
		start_lookup(d);
	}
}

struct dial *dial_create(uv_loop_t *loop, const struct place *place,
	const struct dial_options *options, dial_fn *done, dial_retry_fn *on_retry, void *data)
{
	struct dial *d = xcalloc(1, sizeof(*d));

	*d = (struct dial){.fd = -1,
		.place = place,
		.options = *options,
		.data = data,
		.loop = loop,
		.done = done,
		.on_retry = on_retry};
	timer_init(&d->stagger, loop, on_stagger, d);
	timer_init(&d->limit, loop, on_limit, d);
	timer_init(&d->delay, loop, on_delay, d);
	timer_start(&d->delay, 0);
	return d;
}

void dial_destroy(struct dial *d)
{
	if (!d)
		return;
	end_try(d);
	timer_fini(&d->stagger);
	timer_fini(&d->limit);
	timer_fini(&d->delay);
	free(d->attempts);
	free(d);
}
