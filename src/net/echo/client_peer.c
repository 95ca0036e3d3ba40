// SPDX-License-Identifier: ISC
#include "net/echo/client_peer.h"

#include "base/mem.h"
#include "base/util.h"
#include "sys/file.h"
#include "sys/socket.h"
#include "sys/trace.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define RECEIVE_BUFFER (4 << 20) // bytes; for datagrams
#define REMEMBERED 4 // times as many requests as may be under way, to know duplicates

void peer_init(struct pinger_peer *peer, struct pinger *p, unsigned index)
{
	unsigned most = p->options.pipeline * REMEMBERED;

	*peer = (struct pinger_peer){.pinger = p, .index = index, .fd = -1, .capacity = 1};
	while (peer->capacity < most)
		peer->capacity *= 2;
	peer->requests = xcalloc(peer->capacity, sizeof(*peer->requests));
}

void peer_fini(struct pinger_peer *peer)
{
	peer_close(peer);
	free(peer->requests);
}

static bool is_stream(const struct pinger_peer *peer)
{
	return peer->pinger->options.type == SOCK_STREAM;
}

struct request *peer_request_at(struct pinger_peer *peer, uint64_t number)
{
	return &peer->requests[number & (peer->capacity - 1)];
}

bool peer_has_room(const struct pinger_peer *peer)
{
	return peer->under_way < peer->pinger->options.pipeline;
}

void peer_settle(
	struct pinger_peer *peer, uint64_t number, enum pinger_verdict verdict, uint64_t now)
{
	struct request *r = peer_request_at(peer, number);

	if (r->state == REQUEST_UNDER_WAY) {
		peer->under_way--;
		peer->pinger->under_way--;
	} else if (r->state == REQUEST_LOST && verdict != PINGER_LOST) {
		peer->pinger->counts.lost--; // it was only late
	}
	r->state = verdict == PINGER_LOST ? REQUEST_LOST : REQUEST_SETTLED;
	while (peer->first < peer->next &&
		peer_request_at(peer, peer->first)->state != REQUEST_UNDER_WAY)
		peer->first++;
	pinger_settle(peer, number, verdict, r->began, now);
}

void peer_lose_all(struct pinger_peer *peer)
{
	uint64_t now = trace_now();

	while (peer->first < peer->next)
		peer_settle(peer, peer->first, PINGER_LOST, now);
}

static void want(struct pinger_peer *peer, unsigned events)
{
	struct pinger *p = peer->pinger;

	if (p->options.reconnect)
		pollset_want(&p->pollset, &peer->item, events);
	else
		watch_want(&peer->watch, events);
}

void peer_close(struct pinger_peer *peer)
{
	struct pinger *p = peer->pinger;

	if (peer->state == PEER_CLOSED)
		return;
	if (peer->state == PEER_OPEN)
		p->open--;
	else
		p->connecting--;
	peer->state = PEER_CLOSED;
	watch_fini(&peer->watch);
	if (peer->is_private)
		sys_close(peer->fd);
	peer->fd = -1;
}

void peer_fail(struct pinger_peer *peer, enum pinger_failure failure, int error)
{
	struct pinger *p = peer->pinger;

	peer_close(peer);
	p->counts.failures++;
	if (!p->options.interval_ms && (failure == PINGER_CONNECT || failure == PINGER_LOCAL))
		p->is_over = true; // asking again at once would not help
	p->events->on_failure(p->data, peer->index, failure, error);
	peer_lose_all(peer);
}

// An answer that is no answer to anything.
void peer_count_wrong(struct pinger_peer *peer)
{
	pinger_settle(peer, peer->next, PINGER_DIFFERS, 0, 0);
}

void peer_request(struct pinger_peer *peer, uint64_t now)
{
	struct pinger *p = peer->pinger;

	*peer_request_at(peer, peer->next++) = (struct request){now, REQUEST_UNDER_WAY};
	peer->under_way++;
	p->under_way++;
	p->counts.sent++;
}

void peer_send(struct pinger_peer *peer)
{
	int r = is_stream(peer) ? peer_send_stream(peer) : peer_send_datagrams(peer);

	if (r == 0) {
		want(peer, WATCH_READ);
	} else if (r == -EAGAIN) {
		want(peer, WATCH_READ | WATCH_WRITE);
	} else if (is_stream(peer)) {
		peer_fail(peer, PINGER_BROKEN, r);
	} else {
		peer->written = peer->next; // that which could not be sent is lost with the rest
		peer_unreachable(peer, r);
	}
}

// Since when the oldest request under way is waited for. UINT64_MAX if there is none.
static uint64_t waits_since(struct pinger_peer *peer)
{
	if (peer->first == peer->next)
		return UINT64_MAX;
	return MAX(peer_request_at(peer, peer->first)->began, peer->heard);
}

uint64_t peer_give_up(struct pinger_peer *peer, uint64_t time)
{
	uint64_t now = trace_now();

	while (waits_since(peer) <= time) {
		if (peer->state == PEER_CONNECTING)
			peer_fail(peer, PINGER_CONNECT, -ETIMEDOUT);
		else if (is_stream(peer))
			peer_fail(peer, PINGER_SILENT, 0);
		else
			peer_settle(peer, peer->first, PINGER_LOST, now);
	}
	return waits_since(peer);
}

// See outgoing_is_self(): what is sent to ourselves would look like an answer.
static bool is_self(const struct pinger_peer *peer)
{
	struct sockaddr_any local;

	return is_stream(peer) && sys_getsockname(peer->fd, &local) == 0 &&
	       local.sa.sa_family != AF_UNIX && sockaddr_equal(&local, &peer->pinger->address);
}

// ERROR is what has become of connecting.
static void on_connected(struct pinger_peer *peer, int error)
{
	struct pinger *p = peer->pinger;

	if (error == 0 && is_self(peer))
		error = -ECONNREFUSED;
	if (error) {
		peer_fail(peer, PINGER_CONNECT, error);
		return;
	}
	error = p->events->on_open(p->data, peer->index, peer->fd);
	if (error) {
		peer_fail(peer, PINGER_LOCAL, error);
		return;
	}
	peer->state = PEER_OPEN;
	p->connecting--;
	p->open++;
	want(peer, WATCH_READ);
	pinger_on_open(p, peer);
}

static void receive(struct pinger_peer *peer)
{
	if (is_stream(peer))
		peer_receive_stream(peer);
	else
		peer_receive_datagrams(peer);
}

static void on_event(struct watch *w, unsigned events)
{
	struct pinger_peer *peer = w->data;
	struct pinger *p = peer->pinger;

	if (peer->state == PEER_CONNECTING) {
		on_connected(peer, sys_socket_error(peer->fd));
	} else {
		if (events & WATCH_WRITE)
			peer_send(peer);
		if (peer->state == PEER_OPEN && events & (WATCH_READ | WATCH_ERROR))
			receive(peer);
	}
	pinger_go_on(p, peer);
}

void peer_on_ready(struct pollset_item *item)
{
	struct pinger_peer *peer = container_of(item, struct pinger_peer, item);
	struct pinger *p = peer->pinger;

	if (peer->state == PEER_CONNECTING)
		on_connected(peer, sys_socket_error(peer->fd));
	else
		receive(peer); // pinger_go_on() sends, if something is left
	pinger_go_on(p, peer);
}

static int start_watching(struct pinger_peer *peer, int fd, bool is_private, unsigned wanted)
{
	struct pinger *p = peer->pinger;
	unsigned flags = (is_stream(peer) ? 0 : WATCH_DATAGRAM) | (is_private ? 0 : WATCH_SHARED);
	int r;

	if (p->options.reconnect)
		return pollset_add(&p->pollset, &peer->item, fd, wanted);
	r = watch_init(&peer->watch, p->loop, fd, flags, on_event, peer);
	if (r == 0)
		watch_want(&peer->watch, wanted);
	return r;
}

// Starts a stream of requests.
static int begin(
	struct pinger_peer *peer, int fd, bool is_private, enum peer_state state, unsigned wanted)
{
	int r = start_watching(peer, fd, is_private, wanted);

	if (r < 0)
		return r;
	peer->fd = fd;
	peer->is_private = is_private;
	peer->state = state;
	peer->base = peer->first;
	peer->written = peer->read = 0;
	peer->differs = false;
	return 0;
}

int peer_open(struct pinger_peer *peer, int fd, bool is_private)
{
	struct pinger *p = peer->pinger;
	int r = p->events->on_open(p->data, peer->index, fd);

	if (r == 0)
		r = begin(peer, fd, is_private, PEER_OPEN, WATCH_READ);
	if (r == 0)
		p->open++;
	return r;
}

// Room for all answers that may come at once. And in the Unix domain only a sender that has a name
// can be answered: the kernel gives it one (unix(7), autobind).
static int prepare_datagrams(int fd, int family)
{
	struct sockaddr sa = {.sa_family = AF_UNIX};

	sys_setsockopt_int(fd, SOL_SOCKET, SO_RCVBUF, RECEIVE_BUFFER);
	return family == AF_UNIX ? sys_bind(fd, &sa, sizeof(sa.sa_family)) : 0;
}

// On this machine connections stand at once. To know it saves a wake-up, which would be a good part
// of a round trip with a connection of its own.
static bool stands(const struct pinger_peer *peer, int fd)
{
	struct sockaddr_any remote;

	return peer->pinger->options.reconnect && sys_getpeername(fd, &remote) == 0;
}

int peer_connect(struct pinger_peer *peer, enum outgoing_step *step)
{
	struct pinger *p = peer->pinger;
	const struct sockaddr_any *a = &p->address;
	int fd = outgoing_open(&p->options.socket, a->sa.sa_family, p->options.type, step);
	bool is_done = false;
	int r;

	if (fd < 0)
		return fd;
	r = is_stream(peer) ? 0 : prepare_datagrams(fd, a->sa.sa_family);
	if (r == 0)
		r = sys_connect(fd, &a->sa, a->len);
	if (r == 0 || r == -EINPROGRESS) {
		// Otherwise that it is writable tells.
		is_done = stands(peer, fd);
		r = begin(peer, fd, true, PEER_CONNECTING, is_done ? WATCH_READ : WATCH_WRITE);
		if (r == 0)
			p->connecting++;
	}
	if (r < 0)
		sys_close(fd);
	else if (is_done)
		on_connected(peer, 0);
	return r;
}
