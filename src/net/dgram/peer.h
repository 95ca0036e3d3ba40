// SPDX-License-Identifier: ISC
// One of the peers of sockets that are bound: its channel, what waits for it, and the table in
// which it is found. For peers.c.
#ifndef SOCKCTL_NET_DGRAM_PEER_H
#define SOCKCTL_NET_DGRAM_PEER_H

#include "base/fifo.h"
#include "base/list.h"
#include "io/channel.h"
#include "io/timer.h"
#include "net/dgram/batch.h"
#include "net/dgram/rest.h"
#include "net/dgram/send_share.h"
#include "net/listener.h"

#include <stdbool.h>
#include <stdint.h>

struct peers;

// Somebody has sent for the first time. The callback takes over the channel, and may destroy it at
// once: then the datagram is dropped.
typedef void peer_fn(void *data, struct channel *channel, const struct sockaddr_any *peer);

struct peers_options {
	uv_loop_t *loop;
	struct listener *listener; // with sockets for datagrams; the owner's
	size_t most; // peers at once
	uint64_t limit; // datagrams after which the channel of a peer ends; 0: none
	peer_fn *on_peer;
	short_fn *on_short;
	void *data;
};

struct peers_socket {
	struct peers *peers;
	struct listener_socket *socket;
	uint32_t first_drops; // of an inherited one
	struct rest rest;
};

// Datagrams, and peers.
struct peers_counts {
	uint64_t others; // of those who are not served
	uint64_t crowded; // of those for whom there was no room
	uint64_t lost; // that came faster than they were taken
	uint64_t dropped; // by the kernel
	uint64_t unanswered; // answers that would go to a reflector, or round
	uint64_t replaced; // peers
};

struct peers {
	struct peers_options options;
	struct peers_counts counts;

	// Private.
	struct list *table; // by the hash of the source
	struct list by_age; // the oldest first
	size_t count;
	uint32_t seed;
	bool is_full; // the owner has no room for anybody else for now
	bool is_closed; // to others
	size_t waiting; // bytes, of all peers
	struct list failed; // whom an ICMP message is about, to be woken
	struct batch *batch;
	struct peers_socket *sockets;
	struct receiver receiver;
	struct peer *owners[RECEIVER_MESSAGES]; // of the pieces at hand; NULL: nobody's any more
	unsigned piece_count; // 0: none are at hand
};

struct peer {
	struct channel channel;
	struct peers *peers;
	struct list link; // of its bucket
	struct list age;
	struct list failed; // of those that have failed; or by itself
	struct sockaddr_any source;
	struct sockaddr_any from; // the address of ours that it has sent to; len 0: not told
	struct fifo waiting;
	struct batch_sink sink;
	size_t limit; // bytes of a datagram
	uint64_t received, taken, sent; // datagrams
	bool is_mute; // never answered
	bool was_replaced;
	bool has_ended; // what waits is taken still, and who sends from there is somebody new
	struct send_share share; // of the buffer
	struct timer retry; // of a send that would have had to wait
	uint64_t retry_ms; // until then
	size_t handed_out; // of those that wait: they leave with the next call
	int error; // a negative errno that an ICMP message has brought
	struct str failure; // in words
};

// Prepares the table.
void peer_table_init(struct peers *all);

// The chain of those with the same hash.
struct list *peer_bucket(const struct peers *all, const struct sockaddr_any *source);

// A new one, by what it has sent to the socket S.
struct peer *peer_create(
	struct peers *all, const struct listener_socket *s, const struct received *m);

// Whether nothing more is received from it.
bool peer_is_over(const struct peer *p);

// From now on, who sends from there is somebody new.
void peer_forget(struct peer *p);

// Keeps the pieces at hand that are the peer's for later.
void peer_keep_pieces(struct peer *p);

// Calls the relay that waits for the channel, if one does. It may destroy the channel.
void peer_wake(struct peer *p, unsigned events);

// What came because of what was sent by FD: each message is noted with the peers that it is about,
// which are to be woken.
void peer_take_errors(struct peers *all, int fd);

#endif
