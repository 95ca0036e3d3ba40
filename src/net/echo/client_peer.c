// SPDX-License-Identifier: ISC
#include "net/echo/client_peer.h"

#include "base/mem.h"
#include "base/util.h"
#include "net/echo/echo_datagram.h"
#include "sys/file.h"
#include "sys/socket.h"
#include "sys/trace.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define REMEMBERED 4 // times as many requests as may be under way, to know duplicates

void echo_peer_init(struct echo_peer *peer, struct echo_client *p, unsigned index)
{
	unsigned most = p->options.pipeline * REMEMBERED;

	*peer = (struct echo_peer){.echo_client = p, .index = index, .fd = -1, .capacity = 1};
	while (peer->capacity < most)
		peer->capacity *= 2;
	peer->requests = xcalloc(peer->capacity, sizeof(*peer->requests));
}

void echo_peer_fini(struct echo_peer *peer)
{
	echo_peer_close(peer);
	free(peer->requests);
}

static bool is_stream(const struct echo_peer *peer)
{
	return peer->echo_client->options.type == SOCK_STREAM;
}

struct request *echo_peer_request_at(struct echo_peer *peer, uint64_t number)
{
	return &peer->requests[number & (peer->capacity - 1)];
}

bool echo_peer_has_room(const struct echo_peer *peer)
{
	return peer->under_way < peer->echo_client->options.pipeline;
}

// Counts the verdict of a request that began at BEGAN, and tells it.
static void count(struct echo_peer *peer, uint64_t number, enum echo_client_verdict verdict,
	uint64_t began, uint64_t now)
{
	struct echo_client *p = peer->echo_client;
	struct echo_client_result result = {peer->index, number, verdict, now - began};

	switch (verdict) {
	case ECHO_CLIENT_ANSWERED:
		p->counts.received++;
		histogram_add(&p->latencies, result.rtt);
		p->ended = now;
		break;
	case ECHO_CLIENT_DUPLICATED:
		p->counts.duplicated++;
		break;
	case ECHO_CLIENT_DIFFERS:
		p->counts.differing++;
		break;
	case ECHO_CLIENT_LOST:
		p->counts.lost++;
		break;
	}
	if (p->events->on_result)
		p->events->on_result(p->data, &result);
}

void echo_peer_settle(
	struct echo_peer *peer, uint64_t number, enum echo_client_verdict verdict, uint64_t now)
{
	struct request *r = echo_peer_request_at(peer, number);

	if (r->state == REQUEST_UNDER_WAY) {
		peer->under_way--;
		peer->echo_client->under_way--;
	} else if (r->state == REQUEST_LOST && verdict != ECHO_CLIENT_LOST) {
		peer->echo_client->counts.lost--; // it was only late
	}
	r->state = verdict == ECHO_CLIENT_LOST ? REQUEST_LOST : REQUEST_SETTLED;
	while (peer->first < peer->next &&
		echo_peer_request_at(peer, peer->first)->state != REQUEST_UNDER_WAY)
		peer->first++;
	count(peer, number, verdict, r->began, now);
}

static void lose_all(struct echo_peer *peer)
{
	uint64_t now = trace_now();

	while (peer->first < peer->next)
		echo_peer_settle(peer, peer->first, ECHO_CLIENT_LOST, now);
}

static void want(struct echo_peer *peer, unsigned events)
{
	struct echo_client *p = peer->echo_client;

	if (p->options.reconnect)
		pollset_want(&p->pollset, &peer->item, events);
	else
		watch_want(&peer->watch, events);
}

void echo_peer_close(struct echo_peer *peer)
{
	struct echo_client *p = peer->echo_client;

	if (peer->state == PEER_CLOSED)
		return;
	if (peer->state == PEER_OPEN)
		p->open--;
	else
		p->connecting--;
	peer->state = PEER_CLOSED;
	watch_fini(&peer->watch);
	if (!peer->is_inherited)
		sys_close(peer->fd);
	peer->fd = -1;
}

void echo_peer_fail(struct echo_peer *peer, enum echo_client_failure failure, int error)
{
	struct echo_client *p = peer->echo_client;

	echo_peer_close(peer);
	p->counts.failures++;
	if (!p->options.interval_ms &&
		(failure == ECHO_CLIENT_CONNECT || failure == ECHO_CLIENT_LOCAL))
		p->is_over = true; // asking again at once would not help
	p->events->on_failure(p->data, peer->index, failure, error);
	lose_all(peer);
}

// Nobody is there (an ICMP message): what is under way will not be answered.
void echo_peer_unreachable(struct echo_peer *peer, int error)
{
	struct echo_client *p = peer->echo_client;

	if (p->options.interval_ms) {
		p->counts.failures++;
		p->events->on_failure(p->data, peer->index, ECHO_CLIENT_CONNECT, error);
		lose_all(peer);
	} else {
		echo_peer_fail(peer, ECHO_CLIENT_CONNECT, error);
	}
}

// An answer that is no answer to anything.
void echo_peer_count_wrong(struct echo_peer *peer, uint64_t number)
{
	count(peer, number, ECHO_CLIENT_DIFFERS, 0, 0);
}

void echo_peer_request(struct echo_peer *peer, uint64_t now)
{
	struct echo_client *p = peer->echo_client;

	*echo_peer_request_at(peer, peer->next++) = (struct request){now, REQUEST_UNDER_WAY};
	peer->under_way++;
	p->under_way++;
	p->counts.sent++;
}

void echo_peer_send(struct echo_peer *peer)
{
	int r = peer->echo_client->kind->send(peer);

	if (r == 0) {
		want(peer, WATCH_READ);
	} else if (r == -EAGAIN) {
		want(peer, WATCH_READ | WATCH_WRITE);
	} else if (is_stream(peer)) {
		echo_peer_fail(peer, ECHO_CLIENT_BROKEN, r);
	} else {
		peer->written = peer->next; // that which could not be sent is lost with the rest
		echo_peer_unreachable(peer, r);
	}
}

// Since when the oldest request under way is waited for. UINT64_MAX if there is none.
static uint64_t waits_since(struct echo_peer *peer)
{
	if (peer->first == peer->next)
		return UINT64_MAX;
	return MAX(echo_peer_request_at(peer, peer->first)->began, peer->heard);
}

uint64_t echo_peer_give_up(struct echo_peer *peer, uint64_t time)
{
	uint64_t now = trace_now();

	while (waits_since(peer) <= time) {
		if (peer->state == PEER_CONNECTING)
			echo_peer_fail(peer, ECHO_CLIENT_CONNECT, -ETIMEDOUT);
		else if (is_stream(peer))
			echo_peer_fail(peer, ECHO_CLIENT_SILENT, 0);
		else
			echo_peer_settle(peer, peer->first, ECHO_CLIENT_LOST, now);
	}
	return waits_since(peer);
}

// ERROR is what has become of connecting.
static void on_connected(struct echo_peer *peer, int error)
{
	struct echo_client *p = peer->echo_client;

	if (error) {
		echo_peer_fail(peer, ECHO_CLIENT_CONNECT, error);
		return;
	}
	error = p->events->on_open(p->data, peer->index, peer->fd);
	if (error) {
		echo_peer_fail(peer, ECHO_CLIENT_LOCAL, error);
		return;
	}
	peer->state = PEER_OPEN;
	p->connecting--;
	p->open++;
	want(peer, WATCH_READ);
	p->peer_events->on_open(peer);
}

static void ask_connected(struct echo_peer *peer)
{
	int r = is_stream(peer) ? attempt_result(peer->fd) : sys_socket_error(peer->fd);

	if (r != -EINPROGRESS)
		on_connected(peer, r);
}

static void on_event(struct watch *w, unsigned events)
{
	struct echo_peer *peer = w->data;
	struct echo_client *p = peer->echo_client;

	if (peer->state == PEER_CONNECTING) {
		ask_connected(peer);
	} else {
		if (events & WATCH_WRITE)
			echo_peer_send(peer);
		if (peer->state == PEER_OPEN && events & (WATCH_READ | WATCH_ERROR))
			p->kind->receive(peer);
	}
	p->peer_events->on_turn(peer);
}

void echo_peer_on_ready(struct pollset_item *item)
{
	struct echo_peer *peer = container_of(item, struct echo_peer, item);
	struct echo_client *p = peer->echo_client;

	if (peer->state == PEER_CONNECTING)
		ask_connected(peer);
	else
		p->kind->receive(peer); // on_turn() sends, if something is left
	p->peer_events->on_turn(peer);
}

static int start_watching(struct echo_peer *peer, int fd, bool is_inherited, unsigned wanted)
{
	struct echo_client *p = peer->echo_client;
	unsigned flags = (is_stream(peer) ? 0 : WATCH_DATAGRAM) | (is_inherited ? WATCH_SHARED : 0);
	int r;

	if (p->options.reconnect)
		return pollset_add(&p->pollset, &peer->item, fd, wanted);
	r = watch_init(&peer->watch, p->loop, fd, flags, on_event, peer);
	if (r == 0)
		watch_want(&peer->watch, wanted);
	return r;
}

// Starts a stream of requests.
static int begin(struct echo_peer *peer, int fd, bool is_inherited, enum echo_peer_state state,
	unsigned wanted)
{
	int r = start_watching(peer, fd, is_inherited, wanted);

	if (r < 0)
		return r;
	peer->fd = fd;
	peer->is_inherited = is_inherited;
	peer->state = state;
	peer->base = peer->first;
	peer->written = peer->read = 0;
	peer->differs = false;
	return 0;
}

int echo_peer_open(struct echo_peer *peer, int fd, bool is_inherited)
{
	struct echo_client *p = peer->echo_client;
	int r = p->events->on_open(p->data, peer->index, fd);

	if (r == 0)
		r = begin(peer, fd, is_inherited, PEER_OPEN, WATCH_READ);
	if (r == 0)
		p->open++;
	return r;
}

// Room for all answers that may come at once, before the user's options.
static int prepare_datagrams(void *data, int fd)
{
	const struct attempt_options *o = data;

	echo_datagrams_make_room(fd);
	return o->prepare ? o->prepare(o->prepare_data, fd) : 0;
}

static int open_socket(struct echo_peer *peer, enum step *step)
{
	struct echo_client *p = peer->echo_client;
	struct attempt_options o = p->options.socket;

	if (!is_stream(peer)) {
		o.prepare = prepare_datagrams;
		o.prepare_data = &p->options.socket;
	}
	return attempt_open(&o, p->address.sa.sa_family, p->options.type, step);
}

// In the Unix domain only a sender that has a name can be answered: the kernel gives it one
// (unix(7), autobind).
static int connect_datagrams(int fd, const struct sockaddr_any *to)
{
	struct sockaddr sa = {.sa_family = AF_UNIX};
	int r = 0;

	if (to->sa.sa_family == AF_UNIX)
		r = sys_bind(fd, &sa, sizeof(sa.sa_family));
	return r < 0 ? r : sys_connect(fd, &to->sa, to->len);
}

static int connect_socket(const struct echo_peer *peer, int fd)
{
	const struct sockaddr_any *a = &peer->echo_client->address;
	int r;

	if (!is_stream(peer))
		return connect_datagrams(fd, a);
	r = attempt_connect(fd, a);
	// On this machine connections stand at once. To know it saves a wake-up, which would be a
	// good part of a round trip with a connection of its own.
	if (r == -EINPROGRESS && peer->echo_client->options.reconnect)
		r = attempt_result(fd);
	return r;
}

int echo_peer_connect(struct echo_peer *peer, enum step *step)
{
	struct echo_client *p = peer->echo_client;
	int fd = open_socket(peer, step);
	bool is_done;
	int r;

	if (fd < 0)
		return fd;
	r = connect_socket(peer, fd);
	is_done = r == 0 && p->options.reconnect;
	if (r == 0 || r == -EINPROGRESS) {
		// Otherwise that it is writable tells.
		r = begin(peer, fd, false, PEER_CONNECTING, is_done ? WATCH_READ : WATCH_WRITE);
		if (r == 0)
			p->connecting++;
	}
	if (r < 0)
		sys_close(fd);
	else if (is_done)
		on_connected(peer, 0);
	return r;
}
