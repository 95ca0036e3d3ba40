// SPDX-License-Identifier: ISC
#include "relay/hold.h"

#include "relay/answer.h"
#include "relay/request.h"

#include <sys/socket.h>

#define ANSWER_PAUSE_MS 2000 // after the last byte of the answer to a request
#define HOLD_ALWAYS UINT64_MAX

// The direction whose end is held back, and the one that is waited for.
static struct flow *asking(struct relay *r)
{
	return r->policy.peer_asks ? &r->in : &r->out;
}

static struct flow *answering(struct relay *r)
{
	return r->policy.peer_asks ? &r->out : &r->in;
}

// What is typed is nobody's to look at, and a long file is no request.
static bool may_be_request(const struct channel *local)
{
	return local->rd_info.kind != FD_TERMINAL && local->file_left <= REQUEST_MOST;
}

void hold_begin(struct relay *r)
{
	const struct relay_policy *p = &r->policy;

	if (p->until == UNTIL_INPUT || asking(r)->shut_how != SHUT_WR)
		return;
	if (p->shutdown == SHUTDOWN_AUTO && may_be_request(r->out.src))
		flow_own(&r->out)->text = request_text_create();
	asking(r)->holds_end = p->shutdown_delay_ms || r->out.more->text;
}

void hold_wait(struct relay *r, enum relay_pause what, uint64_t ms, uint64_t heard)
{
	if (!timer_is_running(&r->pause) || r->pause_for != what || r->heard != heard)
		timer_start(&r->pause, ms);
	r->pause_for = what;
	r->heard = heard;
}

// What was sent so far.
static enum request_kind judge_sent(const struct relay *r)
{
	const struct str *sent = r->out.more->text;

	return sent && sent->len ? request_judge(sent->data, sent->len) : REQUEST_NONE;
}

static bool is_open_request(enum request_kind kind)
{
	return kind == REQUEST_OPEN || kind == REQUEST_OPEN_HEAD;
}

void hold_follow_answer(struct relay *r)
{
	enum request_kind kind;

	if (!r->out.more->text || r->in.more->answer || r->in.received || r->in.state != FLOW_OPEN)
		return;
	kind = judge_sent(r);
	if (is_open_request(kind))
		flow_follow(&r->in, answer_create(kind == REQUEST_OPEN_HEAD));
}

// Decides once, when all has been sent, how long its end is held back.
static void plan_hold(struct relay *r)
{
	enum request_kind kind = judge_sent(r);

	request_text_free(&r->out.more->text);
	r->hold_planned = true;
	r->awaits_answer = is_open_request(kind);
	r->hold_ms = kind == REQUEST_LAST ? HOLD_ALWAYS
		     : r->awaits_answer   ? ANSWER_PAUSE_MS
					  : r->policy.shutdown_delay_ms;
}

// True while what the peer says of its answer says that more is to come.
static bool is_answered_in_part(const struct flow *in)
{
	return !in->received || (in->more->answer && answer_is_partial(in->more->answer));
}

bool hold_step(struct relay *r)
{
	const struct flow *answer = answering(r);

	if (!asking(r)->is_held)
		return false;
	if (!r->hold_planned)
		plan_hold(r);
	if (!r->hold_ms || flow_has_ended(answer)) {
		asking(r)->holds_end = false;
		timer_stop(&r->pause);
		return true;
	}
	if (r->hold_ms == HOLD_ALWAYS || (r->awaits_answer && is_answered_in_part(answer)))
		return false;
	hold_wait(r, PAUSE_HOLD, r->hold_ms, answer->received);
	return false;
}

void hold_release(struct relay *r)
{
	if (asking(r)->is_held)
		asking(r)->holds_end = false;
}
