// SPDX-License-Identifier: ISC
#include "relay/relay.h"

#include "io/closing.h"
#include "sys/socket.h"

#include <errno.h>
#include <sys/socket.h>

#define LINGER_FIRST_MS 1 // the wait for acknowledgements starts with this and doubles
#define LINGER_LAST_MS 50
#define DRAIN_ROUNDS 64 // per turn
#define MAX_REPLIES (64 * 1024) // telnet answers that the peer does not read: stop listening to it

static void turn(struct relay *r);

static void on_again(void *data)
{
	turn(data);
}

static void on_idle_timer(void *data);
static void on_linger_timer(void *data);

void relay_init(struct relay *r, uv_loop_t *loop, struct channel *local, struct channel *peer,
	const struct relay_policy *policy, relay_fn *done, void *data)
{
	static const int how[] = {
		[SHUTDOWN_WRITE] = SHUT_WR,
		[SHUTDOWN_BOTH] = SHUT_RDWR,
		[SHUTDOWN_NEVER] = -1,
	};

	*r = (struct relay){.local = local,
		.peer = peer,
		.policy = *policy,
		.done = done,
		.data = data,
		.loop = loop};
	flow_init(&r->out, local, peer);
	flow_init(&r->in, peer, local);
	r->out.shut_how = how[policy->shutdown];
	r->out.splice_after = r->in.splice_after = policy->splice_after;
	r->in.tap_before_filter = true;
	defer_init(&r->defer, loop, on_again, r);
	timer_init(&r->idle, loop, on_idle_timer, r);
	timer_init(&r->linger, loop, on_linger_timer, r);
	r->linger_ms = LINGER_FIRST_MS;
}

void relay_start(struct relay *r)
{
	flow_start(&r->out, r->loop);
	flow_start(&r->in, r->loop);
	r->active = uv_now(r->loop);
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
	bool peer_ends = r->policy.until == UNTIL_PEER || r->policy.end_with_peer;

	if (peer_ends && r->in.state == FLOW_SHUT)
		flow_finish(&r->out);
	if (r->policy.until == UNTIL_INPUT && r->out.state == FLOW_SHUT)
		flow_finish(&r->in);
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

// Takes what the peer still sends and drops it: closing a TCP socket with unread input would send a
// reset, which may destroy what was sent before. Returns 0 or the error that ended the connection.
static int drain(struct relay *r)
{
	char buffer[16 * 1024];

	// What an inherited socket still holds is for the next who has it.
	if (!r->peer->is_private && (r->peer->recv_limit || r->peer->recv_flags & MSG_PEEK))
		return 0;
	for (int round = 0; round < DRAIN_ROUNDS && !r->peer_ended; round++) {
		ssize_t n = r->peer->ops->recv(r->peer, buffer, sizeof(buffer));

		if (n == 0)
			r->peer_ended = true;
		else if (n == -EAGAIN)
			return 0;
		else if (n < 0 && n != -EINTR)
			return (int)n;
	}
	return 0;
}

static int unacknowledged_by(const struct channel *e)
{
	return e->wr_info.is_tcp && e->wr_fd >= 0 ? unacknowledged(e->wr_fd) : 0;
}

// Everything is said. Waits until the kernels of both sides have acknowledged it.
static void linger(struct relay *r)
{
	int left = drain(r);
	int left_here;

	if (left == 0)
		left = unacknowledged_by(r->peer);
	left_here = unacknowledged_by(r->local);
	if (left < 0 || left_here < 0 || left + left_here == 0) {
		finish(r,
			left < 0        ? RELAY_PEER_FAILED
			: left_here < 0 ? RELAY_OUTPUT_FAILED
					: RELAY_DONE,
			left < 0 ? left : left_here);
		return;
	}
	r->in.want_src = !r->peer_ended;
	timer_start(&r->linger, r->linger_ms);
	r->linger_ms = MIN(r->linger_ms * 2, LINGER_LAST_MS);
}

static void want(struct channel *e, bool read, bool write)
{
	unsigned rd = read ? WATCH_READ : 0;
	unsigned wr = write ? WATCH_WRITE : 0;

	if (e->rd == e->wr) {
		if (e->rd)
			watch_want(e->rd, rd | wr);
		return;
	}
	if (e->rd)
		watch_want(e->rd, rd);
	if (e->wr)
		watch_want(e->wr, wr);
}

static void note_activity(struct relay *r)
{
	uint64_t moved = r->in.received + r->in.sent + r->out.received + r->out.sent;

	if (moved != r->moved)
		r->active = uv_now(r->loop);
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
	want(r->local, false, false);
	want(r->peer, false, false);
	defer_stop(&r->defer);
	timer_stop(&r->idle);
	timer_stop(&r->linger);
	r->done(r);
}

// The one place that decides. Moves what can be moved, looks whether it is over, and says what to
// wait for.
static void turn(struct relay *r)
{
	bool more = false;

	if (r->finished)
		return;
	if (r->has_quit) {
		if (!r->lingering)
			step_flows(r); // what can go at once does
		finish(r, RELAY_QUIT, 0);
	} else if (!r->lingering) {
		more = step_flows(r);
		apply_policy(r);
		more |= !r->in.want_src && !r->in.want_dst && r->in.state == FLOW_DRAIN;
		more |= !r->out.want_src && !r->out.want_dst && r->out.state == FLOW_DRAIN;
		note_activity(r);
		if (is_over(r)) {
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
	want(r->local, r->out.want_src, r->in.want_dst);
	want(r->peer, r->in.want_src, r->out.want_dst);
	if (more)
		defer_start(&r->defer);
	else
		defer_stop(&r->defer);
}

static void on_linger_timer(void *data)
{
	turn(data);
}

// What was handed to the kernel may still be on its way to a slow peer, which is not idle.
static void note_queue(struct relay *r)
{
	int queued = 0;

	sys_outq(r->peer->wr_fd, &queued);
	if (queued != r->queued)
		r->active = uv_now(r->loop);
	r->queued = queued;
}

static void on_idle_timer(void *data)
{
	struct relay *r = data;
	uint64_t quiet;

	note_queue(r);
	quiet = uv_now(r->loop) - r->active;

	if (quiet < r->policy.idle_ms) {
		timer_start(&r->idle, r->policy.idle_ms - quiet);
		return;
	}
	finish(r, RELAY_IDLE, -ETIMEDOUT);
	end(r);
}

void relay_wake(struct relay *r)
{
	if (!r->finished)
		defer_start(&r->defer);
}

void relay_quit(struct relay *r)
{
	r->has_quit = true;
	relay_wake(r);
}

// The connection has an error and no flow is about to meet it.
static void take_peer_error(struct relay *r)
{
	int error = sys_socket_error(r->peer->rd_fd);

	if (error)
		flow_break(&r->out, FLOW_DST, error);
}

void relay_on_event(struct relay *r, struct watch *w, unsigned events)
{
	if (r->finished)
		return;
	if (events & WATCH_ERROR && w == r->local->wr && w != r->local->rd &&
		!flow_has_ended(&r->in)) {
		flow_break(&r->in, FLOW_DST, -EPIPE);
	} else if (events & WATCH_ERROR && w == r->peer->rd && flow_has_ended(&r->in) &&
		   !flow_has_ended(&r->out)) {
		take_peer_error(r);
	}
	turn(r);
}

size_t relay_unsent(const struct relay *r)
{
	return flow_undelivered(&r->out);
}

ssize_t relay_unacknowledged(const struct relay *r)
{
	int left = unacknowledged_by(r->peer);

	return left < 0 ? left : (ssize_t)relay_unsent(r) + left;
}

void relay_fini(struct relay *r)
{
	if (!r->loop)
		return;
	defer_fini(&r->defer);
	timer_fini(&r->idle);
	timer_fini(&r->linger);
	flow_fini(&r->out);
	flow_fini(&r->in);
}
