// SPDX-License-Identifier: ISC
#include "relay/relay.h"

#include "io/pool.h"
#include "relay/hold.h"

#include <assert.h>
#include <errno.h>
#include <sys/socket.h>

#define MAX_REPLIES (64 * 1024) // telnet answers that the peer does not read: stop listening to it
#define END_GRACE_MS 250 // for the peer's end, once the reader of the output has left

static void turn(struct relay *r);

static void on_turn(void *data)
{
	turn(data);
}

static void on_event(struct watch *w, unsigned events);
static void on_idle_timer(void *data);
static void on_pause(void *data);
static void on_room(void *data);

static struct channel *local_of(const struct relay *r)
{
	return r->out.src;
}

static struct channel *peer_of(const struct relay *r)
{
	return r->out.dst;
}

static uint64_t now(const struct relay *r)
{
	return uv_now(r->out.pool->loop);
}

int relay_init(struct relay *r, const struct relay_options *o)
{
	static const signed char how[] = {
		[SHUTDOWN_AUTO] = SHUT_WR,
		[SHUTDOWN_WRITE] = SHUT_WR,
		[SHUTDOWN_READ] = SHUT_RD,
		[SHUTDOWN_BOTH] = SHUT_RDWR,
		[SHUTDOWN_NEVER] = -1,
	};
	int error;

	assert(o->pool && o->done);
	assert(o->local->ops && o->peer->ops);
	*r = (struct relay){.policy = o->policy, .done = o->done, .data = o->data};
	error = channel_watch(o->local, on_event, r);
	if (error == 0)
		error = channel_watch(o->peer, on_event, r);
	if (error < 0)
		return error;
	flow_init(&r->out, o->pool, o->local, o->peer);
	flow_init(&r->in, o->pool, o->peer, o->local);
	r->out.shut_how = how[o->policy.shutdown];
	r->out.splice_after = r->in.splice_after = o->splice_after;
	r->in.tap_before_filter = true;
	if (o->rate) {
		flow_limit(&r->out, limit_create(o->pool->loop, o->rate, on_room, r));
		flow_limit(&r->in, limit_create(o->pool->loop, o->rate, on_room, r));
	}
	if (o->interval_ms)
		flow_space(&r->out, interval_create(o->pool->loop, o->interval_ms, on_room, r));
	defer_init(&r->defer, o->pool->loop, on_turn, r);
	timer_init(&r->idle, o->pool->loop, on_idle_timer, r);
	timer_init(&r->pause, o->pool->loop, on_pause, r);
	ack_wait_init(&r->acks, o->pool->loop, on_turn, r);
	return 0;
}

void relay_start(struct relay *r)
{
	assert(r->out.pool);
	hold_begin(r);
	flow_start(&r->out);
	flow_start(&r->in);
	r->active = now(r);
	if (r->policy.idle_ms)
		timer_start(&r->idle, r->policy.idle_ms);
	// Not at once: the owner is not ready to be called back.
	defer_start(&r->defer);
}

static void finish(struct relay *r, enum relay_outcome outcome, int error)
{
	if (r->finished)
		return;
	r->finished = true;
	r->outcome = outcome;
	r->error = error;
}

// The end of one direction is the end of the other where the policy says so. What was read is
// delivered all the same.
static void apply_policy(struct relay *r)
{
	bool peer_ends = r->policy.until == UNTIL_PEER || r->policy.until == UNTIL_IDLE_OR_PEER ||
			 r->policy.end_with_peer;

	if (peer_ends && r->in.state == FLOW_SHUT)
		flow_finish(&r->out);
	if (r->policy.until == UNTIL_INPUT && r->out.state == FLOW_SHUT)
		flow_finish(&r->in);
}

// Once the input has ended, the peer may still say something, but not for ever.
static bool is_quitting(const struct relay *r)
{
	return r->policy.quit_delay_ms && r->out.state == FLOW_SHUT && !flow_has_ended(&r->in);
}

// A reader that knows where its input ends (tar) may leave before the peer's end has come. If that
// end is all that still comes, everything was delivered. It follows soon; what else comes is lost,
// and so is the first byte of it, which is read here. Returns true while neither has come.
static bool awaits_end(struct relay *r)
{
	struct flow *in = &r->in;
	char byte;
	ssize_t n;

	if (in->state != FLOW_FAILED || in->failed != FLOW_DST || in->error != -EPIPE ||
		flow_undelivered(in) || !peer_of(r)->is_private || r->end_grace_over)
		return false;
	n = peer_of(r)->ops->recv(peer_of(r), &byte, sizeof(byte));
	if (n == 0)
		flow_excuse(in);
	if (n != -EAGAIN) {
		timer_stop(&r->pause);
		return false;
	}
	in->want_src = true;
	hold_wait(r, PAUSE_END, END_GRACE_MS, in->received);
	return true;
}

static bool is_over(struct relay *r)
{
	const struct flow *in = &r->in;
	const struct flow *out = &r->out;

	if (in->state == FLOW_FAILED || (out->state == FLOW_FAILED && out->failed == FLOW_SRC))
		return true;
	// A peer that takes no more may have sent something before, which has all come by now. What
	// it says later, or that it ends, is not waited for: it may know nothing of the failure.
	return flow_has_ended(in) ? flow_has_ended(out)
				  : out->state == FLOW_FAILED && in->want_src && !in->want_dst;
}

// What went wrong first counts for the outcome: the local side, for which the user can do
// something.
static void judge(struct relay *r)
{
	const struct flow *in = &r->in;
	const struct flow *out = &r->out;

	if (in->state == FLOW_FAILED && in->failed == FLOW_DST)
		finish(r, RELAY_OUTPUT_FAILED, in->error);
	else if (out->state == FLOW_FAILED && out->failed == FLOW_SRC)
		finish(r, RELAY_INPUT_FAILED, out->error);
	else if (in->state == FLOW_FAILED)
		finish(r, RELAY_PEER_FAILED, in->error);
	else if (out->state == FLOW_FAILED)
		finish(r, RELAY_PEER_FAILED, out->error);
}

// How it has ended where nothing went wrong.
static enum relay_outcome outcome_of_end(const struct relay *r)
{
	return r->is_silent && r->policy.until < UNTIL_IDLE ? RELAY_IDLE : RELAY_DONE;
}

// Everything is said. Waits until the kernels of both sides have acknowledged it.
static void linger(struct relay *r)
{
	int left = channel_settle(peer_of(r), &r->peer_ended);
	int left_here = channel_unacknowledged(local_of(r));

	if (left < 0 || left_here < 0 || left + left_here == 0) {
		finish(r,
			left < 0        ? RELAY_PEER_FAILED
			: left_here < 0 ? RELAY_OUTPUT_FAILED
					: outcome_of_end(r),
			left < 0 ? left : left_here);
		return;
	}
	r->in.want_src = !r->peer_ended;
	ack_wait_start(&r->acks);
}

static void note_activity(struct relay *r)
{
	uint64_t moved = r->in.received + r->in.sent + r->out.received + r->out.sent;

	if (moved != r->moved)
		r->active = now(r);
	r->moved = moved;
}

// Sends the answers of the telnet filter. Returns true if there were some.
static bool send_replies(struct relay *r)
{
	struct telnet_filter *t = r->telnet;

	if (!t || !t->replies.len)
		return false;
	flow_inject(&r->out, t->replies.data, t->replies.len);
	str_clear(&t->replies);
	return true;
}

static bool step_flows(struct relay *r)
{
	bool more = flow_step(&r->out);

	r->told_first |= r->out.state == FLOW_SHUT && !flow_has_ended(&r->in);
	hold_follow_answer(r);
	if (!r->telnet || flow_undelivered(&r->out) < MAX_REPLIES)
		more |= flow_step(&r->in);
	if (send_replies(r))
		more |= flow_step(&r->out);
	return more;
}

// The relay is over: nothing of it may call back any more, whatever becomes of its parties before
// the owner frees it.
static void end(struct relay *r)
{
	assert(r->finished);
	channel_want(local_of(r), false, false);
	channel_want(peer_of(r), false, false);
	defer_stop(&r->defer);
	timer_stop(&r->idle);
	timer_stop(&r->pause);
	ack_wait_stop(&r->acks);
	limit_stop(r->out.more->limit);
	limit_stop(r->in.more->limit);
	interval_stop(r->out.more->interval);
	r->done(r);
}

// What is to be delivered still, and waits for nothing.
static bool has_more(const struct flow *f)
{
	return !f->want_src && !f->want_dst && f->state == FLOW_DRAIN && !f->is_held;
}

// The one place that decides. Moves what can be moved, looks whether it is over, and says what to
// wait for.
static void turn(struct relay *r)
{
	bool more = false;
	bool awaits;

	if (r->finished)
		return;
	if (r->has_quit) {
		if (!r->lingering)
			step_flows(r); // what can go at once does
		finish(r, RELAY_QUIT, 0);
	} else if (!r->lingering) {
		more = step_flows(r);
		more |= hold_step(r); // before the other, which uses the same timer
		awaits = awaits_end(r);
		apply_policy(r);
		if (is_quitting(r))
			hold_wait(r, PAUSE_QUIT, r->policy.quit_delay_ms, r->in.received);
		more |= has_more(&r->in) || has_more(&r->out);
		note_activity(r);
		if (!awaits && is_over(r)) {
			judge(r);
			r->lingering = true;
			r->peer_ended = r->policy.until != UNTIL_INPUT && r->in.state == FLOW_SHUT;
		}
	}
	if (r->lingering && !r->finished)
		linger(r);
	if (r->finished) {
		end(r);
		return;
	}
	channel_want(local_of(r), r->out.want_src, r->in.want_dst || local_of(r)->unsent);
	channel_want(peer_of(r), r->in.want_src, r->out.want_dst || peer_of(r)->unsent);
	if (more)
		defer_start(&r->defer);
	else
		defer_stop(&r->defer);
}

static void on_pause(void *data)
{
	struct relay *r = data;

	switch (r->pause_for) {
	case PAUSE_HOLD:
		hold_release(r);
		break;
	case PAUSE_QUIT: // what holds back its words is not the peer: the time begins anew
		if (is_quitting(r) && r->in.want_src)
			flow_finish(&r->in);
		break;
	case PAUSE_END:
		r->end_grace_over = true;
		break;
	}
	turn(r);
}

// What was handed to the kernel may still be on its way to a slow party, which is not idle, and who
// is held back is not either.
static void note_queue(struct relay *r)
{
	int queued = channel_queued(peer_of(r)) + channel_queued(local_of(r));

	if (queued != r->queued || r->out.is_paused || r->in.is_paused)
		r->active = now(r);
	r->queued = queued;
}

// Who sends datagrams does not say its end, but whoever reads them to the end may keep its answer
// until then. Returns whether silence is an end that the local party was not told of yet.
static bool end_silent_peer(struct relay *r)
{
	bool is_told =
		channel_keeps_boundaries(peer_of(r)) && !channel_keeps_boundaries(local_of(r));

	if (!r->policy.silence_ends_peer || !is_told || r->is_silent || r->in.eof)
		return false;
	r->is_silent = true;
	peer_of(r)->ops->shut(peer_of(r), SHUT_RD);
	r->active = now(r);
	timer_start(&r->idle, r->policy.idle_ms);
	turn(r);
	return true;
}

static void on_idle_timer(void *data)
{
	struct relay *r = data;
	uint64_t quiet;

	note_queue(r);
	quiet = now(r) - r->active;

	if (quiet < r->policy.idle_ms) {
		timer_start(&r->idle, r->policy.idle_ms - quiet);
		return;
	}
	if (end_silent_peer(r))
		return;
	if (r->policy.until >= UNTIL_IDLE && !relay_unacknowledged(r) &&
		!flow_undelivered(&r->in)) {
		r->was_idle = true;
		flow_finish(&r->in);
		flow_finish(&r->out);
		turn(r);
		return;
	}
	finish(r, RELAY_IDLE, -ETIMEDOUT);
	end(r);
}

// Its rate or its interval has held a flow back until now.
static void on_room(void *data)
{
	struct relay *r = data;

	r->active = now(r);
	turn(r);
}

void relay_wake(struct relay *r)
{
	if (!r->finished)
		defer_start(&r->defer);
}

void relay_deliver(struct relay *r)
{
	r->out.is_drained = false;
	while (!r->finished && flow_step(&r->out))
		continue;
}

void relay_quit(struct relay *r)
{
	r->has_quit = true;
	r->out.is_drained = r->in.is_drained = false; // as it was seen last
	relay_wake(r);
}

// A party whose own words have ended has an error, which no flow is about to meet.
static void take_error(const struct flow *from, struct flow *to)
{
	int error;

	if (!flow_has_ended(from) || flow_has_ended(to))
		return;
	error = channel_take_error(to->dst);
	if (error)
		flow_break(to, FLOW_DST, error);
}

// What came back of datagrams stays with the socket until it is taken, which a flow that has to
// wait for its destination does not do.
static void take_told_error(struct flow *in)
{
	int error = 0;

	if (channel_keeps_boundaries(in->src) && !in->want_src && !flow_has_ended(in))
		error = channel_take_error(in->src);
	if (error)
		flow_break(in, FLOW_SRC, error);
}

static void on_event(struct watch *w, unsigned events)
{
	struct relay *r = w->data;

	if (r->finished)
		return;
	if (w == local_of(r)->rd)
		r->out.is_drained = false;
	if (w == peer_of(r)->rd)
		r->in.is_drained = false;
	if (events & WATCH_ERROR && w == local_of(r)->wr && w != local_of(r)->rd) {
		if (!flow_has_ended(&r->in))
			flow_break(&r->in, FLOW_DST, -EPIPE);
	} else if (events & WATCH_ERROR && w == local_of(r)->rd) {
		take_error(&r->out, &r->in);
	} else if (events & WATCH_ERROR && w == peer_of(r)->rd) {
		take_error(&r->in, &r->out);
		take_told_error(&r->in);
	}
	turn(r);
}

void relay_inject(struct relay *r, const void *data, size_t len)
{
	flow_inject(&r->out, data, len);
}

uint64_t relay_sent(const struct relay *r)
{
	return r->out.sent;
}

uint64_t relay_received(const struct relay *r)
{
	return r->in.received;
}

bool relay_is_unanswered(const struct relay *r)
{
	return r->told_first && r->out.shut_how == SHUT_WR && r->policy.until != UNTIL_INPUT &&
	       r->in.state == FLOW_SHUT && r->out.sent && !r->in.received;
}

size_t relay_unsent(const struct relay *r)
{
	return flow_undelivered(&r->out);
}

ssize_t relay_unacknowledged(const struct relay *r)
{
	int left = channel_unacknowledged(peer_of(r));

	return left < 0 ? left : (ssize_t)relay_unsent(r) + left;
}

void relay_fini(struct relay *r)
{
	if (!r->out.pool)
		return;
	defer_fini(&r->defer);
	timer_fini(&r->idle);
	timer_fini(&r->pause);
	ack_wait_fini(&r->acks);
	flow_fini(&r->out);
	flow_fini(&r->in);
}
