// SPDX-License-Identifier: ISC
#include "relay/fanout.h"

#include "relay/relay.h"

#include <assert.h>
#include <string.h>

#define FAR_BEHIND (1024 * 1024) // bytes that a reader has still to take
#define MOST_BEHIND (16 * 1024 * 1024) // the same, with what it has given itself since
#define STALL_MS 1000 // it may take nothing for so long while another has nothing left
#define KEPT (64 * 1024) // memory that is not given back
#define REST_MS 500 // without a piece: a burst is over

struct piece {
	uint64_t from; // number of a reader, or 0
	size_t len; // bytes that follow
};

static uint64_t end_of(const struct fanout *a)
{
	return a->position + (a->pieces.len - a->start);
}

static bool has_all(const struct fanout_reader *r)
{
	return r->position == end_of(r->fanout);
}

static struct piece piece_at(const struct fanout *a, uint64_t position)
{
	struct piece piece;

	memcpy(&piece, a->pieces.data + a->start + (position - a->position), sizeof(piece));
	return piece;
}

static uint64_t backlog_of(const struct fanout_reader *r)
{
	return end_of(r->fanout) - r->position;
}

static bool is_far_behind(const struct fanout_reader *r)
{
	return backlog_of(r) > FAR_BEHIND;
}

// Who is kept waiting by those that are far behind.
struct need {
	size_t held_up; // who want to give something
	bool of_listeners; // readers that have all and give nothing
	bool of_speakers; // readers that have all and are held up
};

static struct need need_of(const struct fanout *a)
{
	struct need need = {.held_up = a->is_held_up};

	list_for_each (it, &a->readers) {
		const struct fanout_reader *r = list_entry(it, struct fanout_reader, link);

		need.held_up += r->is_held_up;
		if (has_all(r))
			*(r->is_held_up ? &need.of_speakers : &need.of_listeners) = true;
	}
	return need;
}

// A speaker hears others only: if it is the only one, or BEHIND is the other, the two are a pipe.
static bool is_in_the_way(const struct fanout_reader *behind, const struct need *need)
{
	return need->of_listeners || (need->of_speakers && need->held_up - behind->is_held_up > 1);
}

// How long the reader may still take nothing, in milliseconds.
static uint64_t patience_with(const struct fanout_reader *r)
{
	uint64_t quiet = uv_now(r->fanout->loop) - r->taken_at;

	return quiet < STALL_MS ? STALL_MS - quiet : 0;
}

// Who does not read stalls nobody. Where nobody else waits, there is no reason to give anybody up.
static void on_stall(void *data)
{
	struct fanout *a = data;
	struct need need = need_of(a);
	uint64_t next = STALL_MS;

	list_for_each (it, &a->readers) {
		struct fanout_reader *r = list_entry(it, struct fanout_reader, link);

		if (!r->is_behind)
			continue;
		if (patience_with(r))
			next = MIN(next, patience_with(r));
		else if (is_in_the_way(r, &need))
			a->on_behind(a, r);
	}
	if (a->behind)
		timer_start(&a->stall, next);
}

// Forgets what everybody has.
static void forget(struct fanout *a)
{
	uint64_t oldest = end_of(a);

	list_for_each (it, &a->readers)
		oldest = MIN(oldest, list_entry(it, struct fanout_reader, link)->position);
	a->start += oldest - a->position;
	a->position = oldest;
	if (a->start > a->pieces.len / 2) { // so that each byte is moved once at most
		str_drop(&a->pieces, a->start);
		a->start = 0;
	}
}

// Memory is given back after a burst and not between its pieces, which would cost a fault for each
// page. Whoever still has to take some looks after it again then.
static void rest_soon(struct fanout *a)
{
	if (a->pieces.size > KEPT && !timer_is_running(&a->rest)) {
		a->given_lately = false;
		timer_start(&a->rest, REST_MS);
	}
}

static void on_rest(void *data)
{
	struct fanout *a = data;

	forget(a);
	if (a->given_lately)
		rest_soon(a);
	else if (a->pieces.len == 0)
		str_fini(&a->pieces);
}

void fanout_init(struct fanout *a, uv_loop_t *loop, audience_behind_fn *on_behind,
	audience_room_fn *on_room, void *data)
{
	assert(on_behind && on_room);
	*a = (struct fanout){
		.loop = loop, .on_behind = on_behind, .on_room = on_room, .data = data};
	list_init(&a->readers);
	timer_init(&a->stall, loop, on_stall, a);
	timer_init(&a->rest, loop, on_rest, a);
}

void fanout_fini(struct fanout *a)
{
	str_fini(&a->pieces);
	timer_fini(&a->stall);
	timer_fini(&a->rest);
}

void fanout_join(struct fanout *a, struct fanout_reader *r, struct relay *relay)
{
	assert(relay || a->on_news);
	*r = (struct fanout_reader){.fanout = a,
		.relay = relay,
		.number = ++a->joined,
		.position = end_of(a),
		.taken_at = uv_now(a->loop)};
	list_append(&a->readers, &r->link);
}

static void catch_up(struct fanout_reader *r)
{
	struct fanout *a = r->fanout;

	if (!r->is_behind)
		return;
	r->is_behind = false;
	a->behind--;
	a->on_room(a);
}

void fanout_leave(struct fanout_reader *r)
{
	if (!r->fanout)
		return;
	list_remove(&r->link);
	catch_up(r);
	rest_soon(r->fanout);
	r->fanout = NULL;
}

bool fanout_has_room(const struct fanout *a, const struct fanout_reader *from)
{
	assert(!from || from->fanout == a);
	// Its own pieces stay, too, until it has taken what others gave before them.
	if (from && backlog_of(from) > MOST_BEHIND)
		return false;
	return a->behind == (from && from->is_behind ? 1 : 0);
}

static void look_behind(struct fanout_reader *r)
{
	struct fanout *a = r->fanout;

	if (r->is_behind || !is_far_behind(r))
		return;
	r->is_behind = true;
	a->behind++;
	if (!timer_is_running(&a->stall))
		timer_start(&a->stall, patience_with(r));
}

static void wake(struct fanout_reader *r)
{
	if (r->relay)
		relay_wake(r->relay);
	else
		r->fanout->on_news(r->fanout, r);
}

void fanout_give(struct fanout *a, const struct fanout_reader *from, const void *data, size_t len)
{
	struct piece piece = {.from = from ? from->number : 0, .len = len};
	uint64_t end;

	assert(!from || from->fanout == a);
	forget(a);
	a->given_lately = true;
	end = end_of(a);
	str_reserve(&a->pieces, sizeof(piece) + len);
	str_addn(&a->pieces, &piece, sizeof(piece));
	str_addn(&a->pieces, data, len);
	list_for_each (it, &a->readers) {
		struct fanout_reader *r = list_entry(it, struct fanout_reader, link);

		if (r->position != end) {
			look_behind(r);
		} else if (r == from) {
			r->position = end_of(a);
		} else {
			r->taken_at = uv_now(a->loop);
			wake(r);
		}
	}
}

size_t fanout_take(struct fanout_reader *r, void *buf, size_t len)
{
	struct fanout *a = r->fanout;
	size_t got = 0;

	while (a && got < len && !has_all(r)) {
		struct piece piece = piece_at(a, r->position);
		size_t left = piece.from == r->number ? 0 : piece.len - r->taken;
		size_t n = MIN(left, len - got);
		const char *data = a->pieces.data + a->start + (r->position - a->position) +
				   sizeof(piece) + r->taken;

		memcpy((char *)buf + got, data, n);
		got += n;
		r->taken += n;
		if (n == left) {
			r->position += sizeof(piece) + piece.len;
			r->taken = 0;
		}
	}
	if (got) {
		r->taken_at = uv_now(a->loop);
		if (has_all(r))
			rest_soon(a);
	}
	if (a && !is_far_behind(r))
		catch_up(r);
	return got;
}
