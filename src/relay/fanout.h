// SPDX-License-Identifier: ISC
// One stream of pieces for many readers, each at its own pace. A piece is kept once, until the
// slowest has taken it. Who is far behind holds the senders up, but not for long where others wait
// for more: a reader that takes nothing is given up then.
#ifndef SOCKCTL_RELAY_FANOUT_H
#define SOCKCTL_RELAY_FANOUT_H

#include "base/list.h"
#include "base/str.h"
#include "io/timer.h"

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

struct fanout;
struct relay;

// All of it is the fanout's own.
struct fanout_reader {
	struct fanout *fanout; // NULL once it has left
	struct relay *relay; // woken when there is something to take; NULL: on_news is called
	struct list link;
	uint64_t number; // tells the pieces that it has given
	uint64_t position; // in everything that was ever given: the piece to take from
	size_t taken; // bytes of that piece
	uint64_t taken_at; // uv_now() when it took some last, or could have
	bool is_behind;
	bool is_held_up; // it wants to give something
};

// READER has stopped taking and keeps the others waiting: make it leave.
typedef void audience_behind_fn(struct fanout *a, struct fanout_reader *reader);

// There may be room for more where there was none.
typedef void audience_room_fn(struct fanout *a);

// A reader without a relay has something to take.
typedef void audience_news_fn(struct fanout *a, struct fanout_reader *reader);

struct fanout {
	uv_loop_t *loop;
	struct list readers;
	struct str pieces; // each with its header in front
	size_t start; // of the first that somebody still needs
	uint64_t position; // the same, in everything that was ever given
	uint64_t joined; // readers until now
	size_t behind; // readers that are far behind
	bool is_held_up; // who is no reader wants to give something
	struct timer stall; // runs while there are some
	struct timer rest; // runs while there is memory to give back after a burst
	bool given_lately; // since it was started
	audience_behind_fn *on_behind;
	audience_room_fn *on_room;
	audience_news_fn *on_news; // the owner's, after fanout_init(); NULL: all have relays
	void *data; // the owner's
};

void fanout_init(struct fanout *a, uv_loop_t *loop, audience_behind_fn *on_behind,
	audience_room_fn *on_room, void *data);
void fanout_fini(struct fanout *a);

// READER hears what is given from now on.
void fanout_join(struct fanout *a, struct fanout_reader *reader, struct relay *relay);
void fanout_leave(struct fanout_reader *reader); // may be called twice

// Whether more should be given: nobody but FROM (NULL: nobody at all) is far behind, and FROM is
// not so far that it must first take what is there.
bool fanout_has_room(const struct fanout *a, const struct fanout_reader *from);

// A piece for everybody but FROM (NULL: for everybody).
void fanout_give(struct fanout *a, const struct fanout_reader *from, const void *data, size_t len);

// Takes up to LEN bytes. Returns how many: 0 if there is nothing for now.
size_t fanout_take(struct fanout_reader *reader, void *buf, size_t len);

#endif
