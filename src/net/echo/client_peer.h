// SPDX-License-Identifier: ISC
// One connection of a echo_client. Included by the echo_client only.
#ifndef SOCKCTL_NET_ECHO_CLIENT_PEER_H
#define SOCKCTL_NET_ECHO_CLIENT_PEER_H

#include "io/pollset.h"
#include "io/watch.h"
#include "net/echo/client.h"

enum request_state {
	REQUEST_SETTLED,
	REQUEST_UNDER_WAY,
	REQUEST_LOST, // but it may still come
};

struct request {
	uint64_t began; // ns
	enum request_state state;
};

enum echo_peer_state {
	PEER_CLOSED,
	PEER_CONNECTING,
	PEER_OPEN,
};

struct echo_peer {
	struct echo_client *echo_client;
	unsigned index;
	int fd;
	bool is_inherited; // not ours to close
	enum echo_peer_state state;
	struct watch watch;
	struct pollset_item item; // instead, with reconnect: it costs less to begin and to end

	// Requests are numbered from 0. Those from FIRST to NEXT - 1 may be under way; the last few
	// that were settled are remembered, too.
	uint64_t first, next;
	uint64_t base; // the first request of this connection
	uint64_t newest; // the number after the highest that was answered
	unsigned under_way;
	struct request *requests; // request N is at N % capacity
	unsigned capacity; // a power of two

	// How far the requests since base have been written and answered: bytes, or datagrams.
	uint64_t written, read;
	uint64_t heard; // when the last bytes of a stream have come, ns
	bool differs; // a wrong byte was among them
};

void echo_peer_init(struct echo_peer *peer, struct echo_client *p, unsigned index);
void echo_peer_fini(struct echo_peer *peer);

// Takes over a socket that is connected.
int echo_peer_open(struct echo_peer *peer, int fd, bool is_inherited);

// Begins to connect. Returns 0, or a negative errno with what failed in *step.
int echo_peer_connect(struct echo_peer *peer, enum step *step);
void echo_peer_close(struct echo_peer *peer);

// The callback for the items of the echo_client's pollset.
void echo_peer_on_ready(struct pollset_item *item);

// True if one more request may be under way.
bool echo_peer_has_room(const struct echo_peer *peer);

// Makes one more request, which echo_peer_send() sends as far as that goes now.
void echo_peer_request(struct echo_peer *peer, uint64_t now);
void echo_peer_send(struct echo_peer *peer);

// Settles what was asked before TIME and is not answered, though on a stream that something of
// which has come since then may go on. Returns when to count from for the next request that is
// under way, or UINT64_MAX if there is none.
uint64_t echo_peer_give_up(struct echo_peer *peer, uint64_t time);

// The connection is over, and what was under way on it is lost.
void echo_peer_fail(struct echo_peer *peer, enum echo_client_failure failure, int error);

// What the kinds of connections do in their own ways.
struct echo_peer_kind {
	// Returns 0, -EAGAIN if some is left that does not go now, or another negative errno.
	int (*send)(struct echo_peer *peer);
	void (*receive)(struct echo_peer *peer);
};

extern const struct echo_peer_kind echo_peer_stream;
extern const struct echo_peer_kind echo_peer_datagrams;

// Called by the connections.
struct echo_peer_events {
	void (*on_open)(struct echo_peer *peer); // it stands
	void (*on_turn)(struct echo_peer *peer); // there may be room for more requests
};

// The buffers for datagrams, which all connections share.
struct echo_client_datagrams *echo_client_datagrams_create(const struct echo_payload *payload);
void echo_client_datagrams_destroy(struct echo_client_datagrams *d); // NULL does nothing

// Nobody is there (an ICMP message): what is under way will not be answered.
void echo_peer_unreachable(struct echo_peer *peer, int error);

struct request *echo_peer_request_at(struct echo_peer *peer, uint64_t number);

// The request gets its verdict; NOW is when that was known.
void echo_peer_settle(
	struct echo_peer *peer, uint64_t number, enum echo_client_verdict verdict, uint64_t now);

// Something came that answers nothing: NUMBER is that of the request for which it is told, or the
// next one.
void echo_peer_count_wrong(struct echo_peer *peer, uint64_t number);

#endif
