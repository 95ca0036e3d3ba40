// SPDX-License-Identifier: ISC
// One direction of a relay: bytes from a source to a destination, and a small state machine that
// says how far it has come.
//
//	OPEN     bytes may still come from the source
//	DRAIN    none will; what was read is on its way to the destination
//	SHUT     all was delivered, and the destination was told so
//	FAILED   the source or the destination broke; error says how
//
// Engines move bytes and report; they never change the state. flow_step() is the only place that
// does.
#ifndef SOCKCTL_RELAY_FLOW_H
#define SOCKCTL_RELAY_FLOW_H

#include "base/fifo.h"
#include "io/channel.h"
#include "relay/interval.h"
#include "relay/limit.h"
#include "relay/lowat.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>

struct answer;
struct filter;
struct flow;
struct pool;

enum flow_state {
	FLOW_OPEN,
	FLOW_DRAIN,
	FLOW_SHUT,
	FLOW_FAILED,
};

extern const char *const flow_state_names[]; // by enum flow_state

enum flow_side {
	FLOW_SRC,
	FLOW_DST,
};

// What an engine has to say after moving what it could.
enum pump {
	PUMP_WAIT, // nothing more until what it wants is ready
	PUMP_PAUSE, // nothing more until its rate or its interval allows it
	PUMP_AGAIN, // its share of this turn is used up; there is more
	PUMP_END, // the source has ended and nothing is left to deliver
	PUMP_FAIL, // flow->error and flow->failed are set
};

struct engine {
	const char *name;
	enum pump (*pump)(struct flow *f);
};

extern const struct engine engine_copy; // recv and send, through filters
extern const struct engine engine_splice; // inside the kernel
extern const struct engine engine_datagram; // from datagrams to datagrams, many at a time

// Sees the bytes as they are on the wire, before they are sent or after they are received.
typedef void flow_tap_fn(struct flow *f, const void *data, size_t len);

// The flow has left the state BEFORE; only to look at.
typedef void flow_state_fn(const struct flow *f, enum flow_state before);

// In as little memory as it takes: thousands of connections, with two each, may be idle.
struct flow {
	struct pool *pool; // the owner's, as of all flows of the loop
	struct channel *src, *dst;
	const struct engine *engine;
	enum flow_state state : 8;
	bool want_src, want_dst; // what the engine waits for
	bool is_drained; // of datagrams: the source had none, and poll(2) has not told of more
			 // since
	bool is_paused; // it waits for its rate or its interval
	bool eof; // the source has ended, or nothing more is wanted of it
	bool holds_end; // the destination is not told of the end yet
	bool is_held; // and that is all that is left to do
	bool may_wait_for_much; // the source's low-water mark is ours
	bool tap_before_filter; // the source is the wire
	signed char shut_how; // how the destination is told of the end: SHUT_WR, or another; -1:
			      // not at all

	enum flow_side failed : 8; // with FLOW_FAILED
	int error; // and a negative errno

	uint64_t received; // bytes taken from the source
	uint64_t sent; // bytes that the destination has taken

	// Bytes that the destination has not taken yet. Empty, and without memory, most of the
	// time.
	struct fifo pending;

	// A pipe between two descriptors of which neither is one; -1 while nothing is in it.
	int pipe[2];
	uint32_t piped; // bytes in it
	uint32_t splice_after; // copy until this many bytes have passed: no pipe for small talk

	struct lowat *lowat; // NULL until bulk data has come
	struct flow_more *more; // never NULL
};

// What few flows have, all NULL for the others.
struct flow_more {
	struct limit *limit; // NULL: as fast as can be
	struct interval *interval; // NULL: no pause between lines
	struct filter *filter; // NULL: none
	flow_tap_fn *tap;
	struct str *text; // what was sent so far (relay/request.h); NULL: nobody asks
	struct answer *answer; // how far what comes has come; NULL: nobody asks
	flow_state_fn *on_state; // NULL: nobody asks
};

// The same to be changed: F has one of its own from now on.
struct flow_more *flow_own(struct flow *f);

void flow_init(struct flow *f, struct pool *pool, struct channel *src, struct channel *dst);

// Receives so many bytes a second at most; the flow destroys the limit. Before flow_start().
void flow_limit(struct flow *f, struct limit *limit);

// Takes line after line with pauses; the flow destroys the interval. Before flow_start().
void flow_space(struct flow *f, struct interval *interval);

// Chooses the engine, once filter and tap are set.
void flow_start(struct flow *f);

void flow_fini(struct flow *f);

// Follows the answer that comes, from its first byte on; the flow destroys it.
void flow_follow(struct flow *f, struct answer *answer);

// Moves what can be moved now and brings the state up to date. Returns true if there is more to do
// at once.
bool flow_step(struct flow *f);

// Takes nothing more from the source; what was taken is still delivered.
void flow_finish(struct flow *f);

// Fails the flow for a reason that its engine has not met.
void flow_break(struct flow *f, enum flow_side side, int error);

// Takes back the failure of a destination that has cost nothing: the source has ended, and all was
// delivered before.
void flow_excuse(struct flow *f);

// Puts bytes of our own into the stream, between what has been read and what will be. They count
// as sent but not as received. Where the destination is told of no end, they may follow it.
void flow_inject(struct flow *f, const void *data, size_t len);

// Bytes that were taken from the source and not delivered.
size_t flow_undelivered(const struct flow *f);

static inline bool flow_has_ended(const struct flow *f)
{
	return f->state == FLOW_SHUT || f->state == FLOW_FAILED;
}

// For engines: how many bytes the source may be asked for, MOST at most; 0: none for now.
static inline size_t flow_room(const struct flow *f, size_t most)
{
	return f->more->limit ? limit_room(f->more->limit, f->received, most) : most;
}

// For engines: notes why the flow fails.
static inline enum pump flow_fail(struct flow *f, enum flow_side side, ssize_t error)
{
	f->error = (int)error;
	f->failed = side;
	return PUMP_FAIL;
}

// The same, but waits after -EAGAIN.
static inline enum pump flow_stop(struct flow *f, enum flow_side side, ssize_t error)
{
	if (error != -EAGAIN)
		return flow_fail(f, side, error);
	f->want_src = side == FLOW_SRC;
	f->want_dst = side == FLOW_DST;
	return PUMP_WAIT;
}

#endif
