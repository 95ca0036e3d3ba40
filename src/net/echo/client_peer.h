// SPDX-License-Identifier: ISC
// One connection of a pinger. Included by the pinger only.
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

enum peer_state {
	PEER_CLOSED,
	PEER_CONNECTING,
	PEER_OPEN,
};

struct pinger_peer {
	struct pinger *pinger;
	unsigned index;
	int fd;
	bool is_private;
	enum peer_state state;
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

void peer_init(struct pinger_peer *peer, struct pinger *p, unsigned index);
void peer_fini(struct pinger_peer *peer);

// Takes over a socket that is connected.
int peer_open(struct pinger_peer *peer, int fd, bool is_private);

// Begins to connect. Returns 0, or a negative errno with what failed in *step.
int peer_connect(struct pinger_peer *peer, enum outgoing_step *step);
void peer_close(struct pinger_peer *peer);

// The callback for the items of the pinger's pollset.
void peer_on_ready(struct pollset_item *item);

// True if one more request may be under way.
bool peer_has_room(const struct pinger_peer *peer);

// Makes one more request, which peer_send() sends as far as that goes now.
void peer_request(struct pinger_peer *peer, uint64_t now);
void peer_send(struct pinger_peer *peer);

// Settles what was asked before TIME and is not answered, though on a stream that something of
// which has come since then may go on. Returns when to count from for the next request that is
// under way, or UINT64_MAX if there is none.
uint64_t peer_give_up(struct pinger_peer *peer, uint64_t time);

// The connection is over, and what was under way on it is lost.
void peer_fail(struct pinger_peer *peer, enum pinger_failure failure, int error);

// What the kinds of connections do in their own ways. Sending returns 0, -EAGAIN if some is left
// that does not go now, or another negative errno.
int peer_send_stream(struct pinger_peer *peer);
int peer_send_datagrams(struct pinger_peer *peer);
void peer_receive_stream(struct pinger_peer *peer);
void peer_receive_datagrams(struct pinger_peer *peer);

// The buffers for datagrams, which all connections share.
struct pinger_datagrams *pinger_datagrams_create(const struct echo_payload *payload);
void pinger_datagrams_destroy(struct pinger_datagrams *d); // NULL does nothing

// Nobody is there (an ICMP message): what is under way will not be answered.
void peer_unreachable(struct pinger_peer *peer, int error);

struct request *peer_request_at(struct pinger_peer *peer, uint64_t number);

// The request gets its verdict; NOW is when that was known.
void peer_settle(
	struct pinger_peer *peer, uint64_t number, enum pinger_verdict verdict, uint64_t now);
void peer_lose_all(struct pinger_peer *peer);

// Something came that is no answer to anything.
void peer_count_wrong(struct pinger_peer *peer);

// Called by the peers: connected; a request that began at BEGAN was settled NOW; there may be room
// for more.
void pinger_on_open(struct pinger *p, struct pinger_peer *peer);
void pinger_settle(struct pinger_peer *peer, uint64_t number, enum pinger_verdict verdict,
	uint64_t began, uint64_t now);
void pinger_go_on(struct pinger *p, struct pinger_peer *peer);

#endif
