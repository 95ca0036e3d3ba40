// SPDX-License-Identifier: ISC
// Errors of the socket: another address where one refuses, or else a message.
#include "datagram/sending.h"
#include "opts/connecting.h"

#include <errno.h>
#include <inttypes.h>

bool sending_may_move(const struct sending *s)
{
	const struct send_config *c = s->config;

	return c->datagram.connected && s->type == SOCK_DGRAM && !c->join.count &&
	       !(c->datagram.recv_flags & MSG_ERRQUEUE);
}

static bool is_bound_elsewhere(const struct send_config *c, const struct sockaddr_any *to)
{
	return c->bind_address.len && c->bind_address.sa.sa_family != to->sa.sa_family;
}

static int move(void *data, const struct sockaddr_any *to)
{
	struct sending *s = data;
	struct dgram_socket next;
	struct watch watch;
	enum step step;
	int r = is_bound_elsewhere(s->config, to)
			? -EADDRNOTAVAIL
			: dgram_socket_open(&next, to, &s->options, &step);

	if (r < 0)
		return r;
	r = watch_init(&watch, &s->app->loop, next.fd, WATCH_DATAGRAM, s->watch.cb, s);
	if (r < 0) {
		dgram_socket_close(&next);
		return r;
	}
	watch_fini(&s->watch);
	dgram_socket_close(&s->socket);
	s->socket = next;
	s->watch = watch;
	watch_moved(&s->watch);
	s->sender->fd = next.fd;
	s->printer.port = 0; // the kernel chooses another one
	return next.fd;
}

static int send_again(void *data, const struct iovec *datagram)
{
	struct sending *s = data;

	return sender_send(s->sender, &(struct send_item){.data = *datagram}, 1);
}

static void on_refused(void *data, const struct sockaddr_any *remote, const char *reason)
{
	const struct sending *s = data;

	connecting_report_attempt(s->app, remote, reason);
}

static void on_moved(void *data, const struct sockaddr_any *remote, int fd)
{
	const struct sending *s = data;

	(void)fd;
	report(&s->app->out, &ev_sending, F_ADDR("remote", remote));
}

void sending_fall_back(struct sending *s, struct address_list rest)
{
	fallback_init(&s->fallback, &s->socket.to, rest);
	s->fallback.means = (struct fallback_means){move, send_again, s};
	s->fallback.listener = (struct fallback_listener){on_refused, on_moved, s};
}

void sending_add_target(const struct sending *s, struct str *name)
{
	if (s->socket.to.len &&
		(s->socket.to.sa.sa_family == AF_UNIX || sockaddr_port(&s->socket.to)))
		str_add_sockaddr(name, &s->socket.to.sa, s->socket.to.len);
	else
		str_add(name, s->config->endpoint.name);
}

// "line 3": which one could not be sent.
static void add_failed(struct str *text, const struct transmit *t)
{
	str_addf(text, "%s %" PRIu64 ": ",
		t->messages                  ? "message"
		: t->framing == FRAMING_LINE ? "line"
					     : "datagram",
		t->datagrams + 1);
	str_add_count(text, transmit_failed(t)->iov_len, "bytes");
}

// A packet that must not be split, by IP_MTU_DISCOVER, is too long for the way.
static void add_too_long(struct str *text, const struct sending *s)
{
	add_failed(text, &s->transmit);
	str_add(text, " do not fit a packet");
	if (s->path_limit)
		str_addf(text, ", at most %zu do", s->path_limit);
	str_add(text, ": ");
}

// With --header, a packet without the whole of it (raw(7)).
static void add_too_short(struct str *text, const struct sending *s)
{
	const struct iovec *packet = transmit_failed(&s->transmit);
	int family = s->socket.to.sa.sa_family;
	size_t need = dgram_header_length(family, packet);

	if (!s->config->header || packet->iov_len >= need)
		return;
	add_failed(text, &s->transmit);
	str_addf(text,
		" cannot hold the IPv%c header of %zu; without --header the kernel makes it: ",
		family == AF_INET6 ? '6' : '4', need);
}

// What is wrong with the datagram that met ERROR.
static void add_fault(struct str *text, const struct sending *s, int error)
{
	if (!transmit_failed(&s->transmit))
		return;
	if (error == -EMSGSIZE)
		add_too_long(text, s);
	else if (error == -EINVAL)
		add_too_short(text, s);
}

// Says why the socket can send no more, where it could: CAUSE is of the error.
static void report_failure(struct sending *s, int error, const char *cause)
{
	bool lacks_broadcast = error == -EACCES && !s->config->broadcast;
	struct str name = {0};
	struct str before = {0};

	sending_add_target(s, &name);
	if (s->transmit.datagrams)
		str_addf(&before, "after %" PRIu64 " sent: ", s->transmit.datagrams);
	add_fault(&before, s, error);
	str_add(&before, cause);
	if (lacks_broadcast)
		str_add(&before, "; " BROADCAST_REMEDY);
	else if (groups_lack_interface(&s->socket.to, error))
		str_add(&before, "; " GROUP_REMEDY);
	report_error(&s->app->out, STATUS_CONNECT, str_c(&name), str_c(&before), error);
	app_fail_quietly(s->app, STATUS_CONNECT);
	str_fini(&name);
	str_fini(&before);
}

bool sending_falls_back(struct sending *s, int error)
{
	struct str cause = {0};
	bool moves;

	str_add_told_error(&cause, s->socket.fd, error);
	moves = fallback_move(&s->fallback, error, str_c(&cause));
	if (!moves)
		report_failure(s, error, str_c(&cause));
	str_fini(&cause);
	return moves;
}
