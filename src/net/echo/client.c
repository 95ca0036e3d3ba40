// SPDX-License-Identifier: ISC
#include "net/echo/client.h"

#include "base/mem.h"
#include "base/util.h"
#include "net/echo/client_peer.h"
#include "sys/trace.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#define MS_NS 1000000ull

static bool may_request(const struct echo_client *p)
{
	return p->is_started && !p->is_over &&
	       (!p->options.count || p->counts.sent < p->options.count);
}

// Everything is settled and nothing more is to come.
static void end_if_done(struct echo_client *p)
{
	if (may_request(p) || p->under_way || p->is_done)
		return;
	if (!p->is_wanted || !(p->is_started || p->is_over))
		return;
	p->is_done = true;
	timer_stop(&p->tick);
	timer_stop(&p->sweep);
	timer_stop(&p->end);
	timer_stop(&p->connect);
	p->events->on_done(p->data);
}

static void stop_without_connections(struct echo_client *p)
{
	if (!p->options.reconnect && !p->open && !p->connecting)
		p->is_over = true;
}

static void await_answers(struct echo_client *p)
{
	if (!timer_is_running(&p->sweep))
		timer_start(&p->sweep, p->options.wait_ms);
}

// Makes a request on a connection of its own.
static void start_round(struct echo_client *p, struct echo_peer *peer)
{
	enum step step;
	int r;

	echo_peer_request(peer, trace_now());
	r = echo_peer_connect(peer, &step);
	if (r < 0)
		echo_peer_fail(
			peer, step == STEP_CONNECT ? ECHO_CLIENT_CONNECT : ECHO_CLIENT_LOCAL, r);
	await_answers(p);
}

// Asks on PEER if it can be asked now. NOW is when.
static void ask(struct echo_client *p, struct echo_peer *peer, uint64_t now)
{
	if (!p->options.reconnect) {
		echo_peer_request(peer, now);
		await_answers(p);
	} else if (peer->state == PEER_OPEN) {
		echo_peer_request(peer, p->began);
		await_answers(p);
	} else {
		start_round(p, peer);
	}
}

// A connection that nothing was sent on yet.
static bool is_fresh(const struct echo_peer *peer)
{
	return peer->state == PEER_OPEN && peer->next == peer->base;
}

static bool can_be_asked(const struct echo_client *p, const struct echo_peer *peer)
{
	if (p->options.reconnect)
		return peer->state == PEER_CLOSED || is_fresh(peer);
	return peer->state == PEER_OPEN && echo_peer_has_room(peer);
}

// Requests as many as may be under way.
static void fill(struct echo_client *p, struct echo_peer *peer)
{
	uint64_t now = trace_now();

	while (may_request(p) && can_be_asked(p, peer))
		ask(p, peer, now);
	if (peer->state == PEER_OPEN)
		echo_peer_send(peer);
}

// The connection has done what it was made for.
static bool is_round_over(const struct echo_client *p, const struct echo_peer *peer)
{
	return p->options.reconnect && peer->state == PEER_OPEN && !peer->under_way &&
	       !is_fresh(peer);
}

static void begin_if_ready(struct echo_client *p);

static void on_turn(struct echo_peer *peer)
{
	struct echo_client *p = peer->echo_client;

	if (is_round_over(p, peer))
		echo_peer_close(peer);
	if (p->is_started && !p->options.interval_ms)
		fill(p, peer);
	stop_without_connections(p);
	begin_if_ready(p); // the last one may have failed
	end_if_done(p);
}

static void start_tick(struct echo_client *p, uint64_t now)
{
	uint64_t wait = p->next_tick > now ? p->next_tick - now : 0;

	timer_start(&p->tick, (wait + MS_NS - 1) / MS_NS);
}

// The next peer in turn that can be asked, or NULL.
static struct echo_peer *next_in_turn(struct echo_client *p)
{
	for (unsigned i = 0; i < p->count; i++) {
		struct echo_peer *peer = &p->peers[p->turn++ % p->count];

		if (can_be_asked(p, peer))
			return peer;
	}
	return NULL;
}

// The connections take turns, so that each has the interval and all are spread over it.
static void on_tick(void *data)
{
	struct echo_client *p = data;
	uint64_t interval = p->options.interval_ms * MS_NS;
	uint64_t now = trace_now();

	if (now > p->next_tick + interval)
		p->next_tick = now; // the process was stopped: what was missed is not made up for
	while (p->next_tick <= now && may_request(p)) {
		struct echo_peer *peer = next_in_turn(p);

		if (peer) {
			ask(p, peer, now);
			if (peer->state == PEER_OPEN)
				echo_peer_send(peer);
		}
		p->next_tick += MAX(interval / p->count, (uint64_t)1);
	}
	stop_without_connections(p);
	if (may_request(p))
		start_tick(p, now);
	end_if_done(p);
}

static void on_sweep(void *data)
{
	struct echo_client *p = data;
	uint64_t wait = p->options.wait_ms * MS_NS;
	uint64_t now = trace_now();
	uint64_t oldest = UINT64_MAX;

	for (unsigned i = 0; i < p->count && !p->is_done; i++) {
		uint64_t began = echo_peer_give_up(&p->peers[i], now > wait ? now - wait : 0);

		oldest = MIN(oldest, began);
		on_turn(&p->peers[i]);
	}
	if (p->is_done || !p->under_way)
		return;
	// What was asked meanwhile began after the oldest, if there is one.
	oldest = MIN(oldest, now);
	timer_start(&p->sweep, oldest + wait > now ? (oldest + wait - now) / MS_NS + 1 : 1);
}

// Sends no more. What is under way is waited for.
static void on_end(void *data)
{
	struct echo_client *p = data;

	p->is_over = true;
	timer_stop(&p->tick);
	end_if_done(p);
}

static void on_connect_timeout(void *data)
{
	struct echo_client *p = data;

	for (unsigned i = 0; i < p->count && !p->is_done; i++) {
		struct echo_peer *peer = &p->peers[i];

		if (peer->state != PEER_CONNECTING)
			continue;
		echo_peer_fail(peer, ECHO_CLIENT_CONNECT, -ETIMEDOUT);
		on_turn(peer);
	}
}

static void on_open(struct echo_peer *peer)
{
	struct echo_client *p = peer->echo_client;

	if (p->is_started)
		echo_peer_send(peer); // of a round
	else
		begin_if_ready(p);
}

static const struct echo_peer_events peer_events = {on_open, on_turn};

int echo_client_init(struct echo_client *p, uv_loop_t *loop,
	const struct echo_client_options *options, const struct echo_client_events *events,
	void *data)
{
	assert(options->connections > 0);
	assert(options->pipeline > 0 && options->pipeline <= ECHO_CLIENT_PIPELINE);
	assert(options->type == SOCK_DGRAM || options->size > 0 || options->text);
	*p = (struct echo_client){.options = *options,
		.events = events,
		.data = data,
		.loop = loop,
		.peer_events = &peer_events,
		.count = options->connections};
	if (options->text)
		echo_payload_init_text(&p->payload, options->text);
	else
		echo_payload_init(&p->payload, options->size);
	if (options->type == SOCK_DGRAM) {
		p->kind = &echo_peer_datagrams;
		p->datagrams = echo_client_datagrams_create(&p->payload);
	} else {
		p->kind = &echo_peer_stream;
		p->in = xmalloc(ECHO_CLIENT_ROOM);
		p->out = xmalloc(ECHO_CLIENT_ROOM);
	}
	p->peers = xcalloc(p->count, sizeof(*p->peers));
	for (unsigned i = 0; i < p->count; i++)
		echo_peer_init(&p->peers[i], p, i);
	timer_init(&p->tick, loop, on_tick, p);
	timer_init(&p->sweep, loop, on_sweep, p);
	timer_init(&p->end, loop, on_end, p);
	timer_init(&p->connect, loop, on_connect_timeout, p);
	p->options.socket.is_brief = options->reconnect;
	return options->reconnect ? pollset_init(&p->pollset, loop, echo_peer_on_ready) : 0;
}

void echo_client_fini(struct echo_client *p)
{
	if (!p->loop)
		return;
	for (unsigned i = 0; i < p->count; i++)
		echo_peer_fini(&p->peers[i]);
	free(p->peers);
	pollset_fini(&p->pollset);
	free(p->in);
	free(p->out);
	echo_client_datagrams_destroy(p->datagrams);
	echo_payload_fini(&p->payload);
	timer_fini(&p->tick);
	timer_fini(&p->sweep);
	timer_fini(&p->end);
	timer_fini(&p->connect);
	p->loop = NULL;
}

int echo_client_add(struct echo_client *p, int fd, bool is_inherited, uint64_t began)
{
	p->began = began;
	for (unsigned i = 0; i < p->count; i++)
		if (p->peers[i].state == PEER_CLOSED)
			return echo_peer_open(&p->peers[i], fd, is_inherited);
	return -EINVAL;
}

int echo_client_connect(struct echo_client *p, const struct sockaddr_any *address, enum step *step)
{
	int r = 0;

	p->address = *address;
	for (unsigned i = 0; r == 0 && i < p->count && !p->options.reconnect; i++)
		if (p->peers[i].state == PEER_CLOSED)
			r = echo_peer_connect(&p->peers[i], step);
	if (p->connecting && p->options.connect_ms)
		timer_start(&p->connect, p->options.connect_ms);
	return r;
}

static void begin(struct echo_client *p)
{
	p->is_started = true;
	p->started = p->next_tick = trace_now();
	if (p->options.duration_ms)
		timer_start(&p->end, p->options.duration_ms);
	if (p->options.interval_ms) {
		on_tick(p);
		return;
	}
	for (unsigned i = 0; i < p->count && !p->is_done; i++)
		on_turn(&p->peers[i]);
}

// Once no connection is to be waited for any more.
static void begin_if_ready(struct echo_client *p)
{
	if (p->is_wanted && !p->is_started && !p->is_over && !p->connecting)
		begin(p);
}

void echo_client_start(struct echo_client *p)
{
	p->is_wanted = true;
	begin_if_ready(p);
}

struct tcp_stats echo_client_tcp_stats(const struct echo_client *p)
{
	struct tcp_stats stats = {0};

	for (unsigned i = 0; i < p->count; i++)
		if (p->peers[i].state == PEER_OPEN)
			tcp_stats_add(&stats, p->peers[i].fd);
	return stats;
}
