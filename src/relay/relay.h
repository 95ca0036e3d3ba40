// SPDX-License-Identifier: ISC
// Two parties joined by two independent one-way flows. The relay decides when it is over, waits
// until the peer has acknowledged what was sent, and calls back once.
#ifndef SOCKCTL_RELAY_RELAY_H
#define SOCKCTL_RELAY_RELAY_H

#include "io/closing.h"
#include "io/defer.h"
#include "io/timer.h"
#include "relay/filter.h"
#include "relay/flow.h"

// Whose end is the end of the relay.
enum relay_until {
	UNTIL_BOTH,
	UNTIL_PEER,
	UNTIL_INPUT,
	UNTIL_IDLE, // as BOTH, and the idle time ends it as well
	UNTIL_IDLE_OR_PEER,
};

// What the end of the input does to the peer.
enum relay_shutdown {
	SHUTDOWN_AUTO, // as WRITE, but later or not at all if the input is one request of HTTP/1
	SHUTDOWN_WRITE, // it reads an end of file, and may go on to send
	SHUTDOWN_READ, // nothing more is received from it
	SHUTDOWN_BOTH, // both
	SHUTDOWN_NEVER, // nothing
};

struct relay_policy {
	enum relay_until until : 8;
	enum relay_shutdown shutdown : 8;
	bool end_with_peer; // the input is a person at a terminal: the peer's end is the end
	bool silence_ends_peer; // of datagrams, at the idle time; the next time ends the relay
	bool peer_asks; // the delay is about the end of the peer, which the local party answers
	uint64_t shutdown_delay_ms; // the peer is told of the end of the input after this long
				    // without a byte from it; 0: at once
	uint64_t idle_ms; // end after this long without a byte in either direction; 0: never
	uint64_t quit_delay_ms; // end after this long without a byte from the peer once the input
				// has ended; 0: never
};

enum relay_outcome {
	RELAY_DONE,
	RELAY_INPUT_FAILED, // reading from the local party
	RELAY_OUTPUT_FAILED, // writing to the local party
	RELAY_PEER_FAILED, // the connection broke
	RELAY_IDLE, // the idle time is over
	RELAY_QUIT, // the user wants no more
};

// What a relay waits for, one at a time, before it goes on without.
enum relay_pause {
	PAUSE_HOLD, // more of the answer, while the end of the input is held back
	PAUSE_QUIT, // more of the peer after the end of the input
	PAUSE_END, // the peer's end alone
};

struct relay;

// Called once. The relay has stopped; the owner calls relay_fini() and then channel_fini() for
// both.
typedef void relay_fn(struct relay *r);

struct relay {
	struct flow out; // local to peer; both are the owner's
	struct flow in; // peer to local
	struct relay_policy policy;
	relay_fn *done;
	void *data; // the owner's

	struct defer defer; // while there is more to do at once
	struct timer idle;
	struct timer pause; // for PAUSE_FOR
	uint64_t hold_ms; // for so long without a byte of the peer; see hold_step()
	uint64_t heard; // bytes of the answer when the timer was started
	struct ack_wait acks;
	uint64_t active; // uv_now() when a byte moved last
	uint64_t moved; // bytes until then
	int error; // negative errno of a failed outcome
	int queued; // bytes that both sides had not taken when the idle timer ran last
	enum relay_outcome outcome : 8;
	enum relay_pause pause_for : 8; // what the timer was started for last
	bool hold_planned : 1; // what follows the end of the input is decided
	bool awaits_answer : 1; // the time begins with its first byte
	bool told_first : 1; // the peer was told of the end of the input before it ended
	bool is_silent : 1; // the peer, which was its end
	bool was_idle : 1; // for the time that the user wants to be the end
	bool has_quit : 1; // the user wants no more
	bool end_grace_over : 1;
	bool peer_ended; // its end of file was read while lingering
	bool lingering : 1; // all is said; the peer has not acknowledged everything yet
	bool finished : 1; // done was called, or will be at the end of this turn
	struct telnet_filter *telnet; // answers to send, or NULL
};

// The pool and both channels must outlive the relay. DONE gets the owner's DATA in relay->data.
struct relay_options {
	struct pool *pool; // of the loop
	struct channel *local, *peer;
	struct relay_policy policy;
	uint32_t splice_after; // copy until this many bytes have passed in a direction
	uint64_t interval_ms; // between lines that are sent; 0: no pause; not with a rate
	uint64_t rate; // bytes a second in each direction, up to LIMIT_MOST; 0: no limit
	relay_fn *done;
	void *data;
};

// Joins the two channels, and watches them from now on. Set filter and tap of the flows between
// relay_init() and relay_start(). Returns 0 or a negative errno.
int relay_init(struct relay *r, const struct relay_options *options);
void relay_start(struct relay *r);

// Something may be possible now that was not: for channels without watches.
void relay_wake(struct relay *r);

// Moves what can be moved to the peer at once, without ending anything.
void relay_deliver(struct relay *r);

// Ends it in the next turn; only what can be said at once still is.
void relay_quit(struct relay *r);

// Puts bytes of our own into what the peer gets, behind what was read so far.
void relay_inject(struct relay *r, const void *data, size_t len);

// Bytes that were sent to the peer, and that came from it.
uint64_t relay_sent(const struct relay *r);
uint64_t relay_received(const struct relay *r);

// True if something was sent, and the peer ended without a byte once it had read that this was all.
bool relay_is_unanswered(const struct relay *r);

// Bytes that were read from the local party and certainly did not reach the peer.
size_t relay_unsent(const struct relay *r);

// The same, and what the peer has not acknowledged; a negative errno if the connection is broken.
ssize_t relay_unacknowledged(const struct relay *r);

void relay_fini(struct relay *r);

#endif
