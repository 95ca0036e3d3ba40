// SPDX-License-Identifier: ISC
#include "relay/flow.h"

#include "base/mem.h"
#include "io/fd.h"
#include "io/pool.h"
#include "relay/answer.h"
#include "relay/request.h"
#include "sys/file.h"
#include "sys/trace.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>

const char *const flow_state_names[] = {
	[FLOW_OPEN] = "open",
	[FLOW_DRAIN] = "draining",
	[FLOW_SHUT] = "shut",
	[FLOW_FAILED] = "failed",
};

static struct flow_more nothing_more; // never changed

void flow_init(struct flow *f, struct pool *pool, struct channel *src, struct channel *dst)
{
	assert(pool && src && dst && src != dst);
	*f = (struct flow){.pool = pool,
		.src = src,
		.dst = dst,
		.shut_how = SHUT_WR,
		.pipe = {-1, -1},
		.more = &nothing_more};
}

struct flow_more *flow_own(struct flow *f)
{
	if (f->more == &nothing_more)
		f->more = xcalloc(1, sizeof(*f->more));
	return f->more;
}

static bool can_splice_from(const struct fd_info *info)
{
	return info->kind == FD_FILE || info->kind == FD_PIPE || info->kind == FD_SOCKET;
}

// Append mode is refused by splice(); terminals do not know it.
static bool can_splice_to(const struct fd_info *info)
{
	return !info->append && (info->kind == FD_FILE || info->kind == FD_PIPE ||
					info->kind == FD_SOCKET || info->kind == FD_OTHER);
}

// A socket whose blocking mode is not ours would block in splice().
static bool is_safe(const struct watch *w, const struct fd_info *info)
{
	return info->kind != FD_SOCKET || !w || !(w->flags & WATCH_SHARED);
}

// What only calls that see the bytes can do.
static bool is_special(const struct channel *src, const struct channel *dst)
{
	const struct channel_calls *calls = channel_calls(src);

	return calls->recv_flags || calls->recv_limit || calls->recv_count || calls->urgent ||
	       channel_calls(dst)->send_flags;
}

static bool can_splice(const struct flow *f)
{
	const struct channel *src = f->src;
	const struct channel *dst = f->dst;

	return !trace_is_plain() && !f->more->filter && !f->more->tap && !f->more->text &&
	       !f->more->interval && !is_special(src, dst) && channel_splice_source(src) >= 0 &&
	       channel_splice_sink(dst) >= 0 && can_splice_from(&src->rd_info) &&
	       can_splice_to(&dst->wr_info) && is_safe(src->rd, &src->rd_info) &&
	       is_safe(dst->wr, &dst->wr_info);
}

// Whether the destination takes at once what comes in large pieces. A pipe that could not be
// widened would rather have small ones.
static bool takes_large_pieces(const struct channel *dst)
{
	switch (dst->wr_info.kind) {
	case FD_PIPE:
		return sys_fcntl(channel_splice_sink(dst), F_GETPIPE_SZ, 0) >= LOWAT_BYTES;
	case FD_FILE:
	case FD_SOCKET:
	case FD_OTHER:
		return true;
	case FD_NONE:
	case FD_TERMINAL:
	case FD_BAD:
		break;
	}
	return false;
}

static void widen_pipes(struct flow *f)
{
	// With the default 64 KiB the programs at both ends of the pipe wake each other too often.
	if (f->src->rd_info.kind == FD_PIPE)
		pool_widen_pipe(channel_splice_source(f->src));
	if (f->dst->wr_info.kind == FD_PIPE)
		pool_widen_pipe(channel_splice_sink(f->dst));
}

// A filter may change how many bytes there are, but not where they begin and end.
static bool moves_datagrams(const struct flow *f)
{
	return !f->more->filter && !f->more->text && !f->more->interval &&
	       channel_keeps_boundaries(f->src) && channel_keeps_boundaries(f->dst);
}

static void choose_engine(struct flow *f)
{
	f->engine = moves_datagrams(f) ? &engine_datagram
		    : can_splice(f)    ? &engine_splice
				       : &engine_copy;
	if (f->engine == &engine_splice)
		widen_pipes(f);
}

void flow_start(struct flow *f)
{
	const struct channel_calls *calls = channel_calls(f->src);

	assert(!f->engine);
	choose_engine(f);
	f->may_wait_for_much = f->src->rd_info.is_tcp && f->src->is_private && !calls->recv_limit &&
			       !calls->recv_count && !f->more->limit && takes_large_pieces(f->dst);
}

void flow_limit(struct flow *f, struct limit *limit)
{
	assert(!f->engine && !f->more->limit);
	flow_own(f)->limit = limit;
}

void flow_space(struct flow *f, struct interval *interval)
{
	assert(!f->engine && !f->more->interval);
	flow_own(f)->interval = interval;
}

void flow_follow(struct flow *f, struct answer *answer)
{
	assert(!f->received && !f->more->answer);
	flow_own(f)->answer = answer;
	f->engine = &engine_copy;
}

static void forget_lowat(struct flow *f)
{
	lowat_destroy(f->lowat);
	f->lowat = NULL;
	f->may_wait_for_much = false;
}

static void forget_more(struct flow *f)
{
	struct flow_more *more = f->more;

	f->more = &nothing_more;
	if (!more || more == &nothing_more)
		return;
	limit_destroy(more->limit);
	interval_destroy(more->interval);
	request_text_free(&more->text);
	answer_destroy(more->answer);
	free(more);
}

void flow_fini(struct flow *f)
{
	forget_lowat(f);
	forget_more(f);
	fifo_fini(&f->pending);
	for (int i = 0; i < 2; i++) {
		if (f->pipe[i] >= 0)
			sys_close(f->pipe[i]);
		f->pipe[i] = -1;
	}
}

// The one place that changes the state.
static void set_state(struct flow *f, enum flow_state state)
{
	enum flow_state before = f->state;

	if (state == before)
		return;
	// There is no way back, but for a failure that has cost nothing.
	assert(!flow_has_ended(f) || (before == FLOW_FAILED && state == FLOW_SHUT));
	f->state = state;
	if (f->more->on_state)
		f->more->on_state(f, before);
	if (!flow_has_ended(f))
		return;
	f->want_src = f->want_dst = f->is_paused = false;
	forget_lowat(f);
}

// Small talk needs none of it.
static void note_received(struct flow *f, uint64_t bytes)
{
	if (!f->lowat && f->may_wait_for_much && bytes >= LOWAT_LARGE_READ)
		f->lowat = lowat_create(f->pool->loop, channel_socket(f->src), &f->want_dst);
	if (f->lowat && bytes)
		lowat_note(f->lowat, bytes);
}

void flow_finish(struct flow *f)
{
	f->eof = true;
	f->want_src = false;
	if (f->state == FLOW_OPEN)
		set_state(f, FLOW_DRAIN);
}

void flow_break(struct flow *f, enum flow_side side, int error)
{
	assert(error < 0);
	assert(!flow_has_ended(f));
	flow_fail(f, side, error);
	set_state(f, FLOW_FAILED);
}

void flow_excuse(struct flow *f)
{
	assert(f->state == FLOW_FAILED && f->failed == FLOW_DST && !flow_undelivered(f));
	f->eof = true;
	f->error = 0;
	set_state(f, FLOW_SHUT);
}

// All is delivered: say so, which may have to wait.
static enum flow_state shut(struct flow *f)
{
	int r = f->shut_how >= 0 ? f->dst->ops->shut(f->dst, f->shut_how) : 0;

	if (r == 0)
		return FLOW_SHUT;
	if (r == -EAGAIN) {
		f->want_dst = true;
		return FLOW_DRAIN;
	}
	flow_fail(f, FLOW_DST, r);
	return FLOW_FAILED;
}

// What the destination has taken and keeps must leave although nothing comes after it.
static enum pump pump(struct flow *f)
{
	int r = f->dst->unsent ? channel_flush(f->dst) : 0;

	return r < 0 && r != -EAGAIN ? flow_fail(f, FLOW_DST, r) : f->engine->pump(f);
}

// The same within the rate.
static enum pump pump_limited(struct flow *f)
{
	uint64_t before = f->received;
	enum pump result;

	limit_begin(f->more->limit, before);
	result = pump(f);
	limit_took(f->more->limit, f->received - before);
	if (result == PUMP_PAUSE)
		limit_wait(f->more->limit);
	else
		limit_stop(f->more->limit);
	return result;
}

// What waits to be read may already be too much to be kept: not a byte of it has to pass by here.
static void forget_if_long(struct flow *f)
{
	int waiting = 0;

	if (f->src->rd_info.kind == FD_PIPE)
		waiting = fd_waiting(channel_splice_source(f->src));
	if ((size_t)MAX(waiting, 0) + f->more->text->len > REQUEST_MOST) {
		request_text_free(&f->more->text);
		choose_engine(f);
	}
}

// What may still be sent behind the end: of that the destination was not told.
static bool has_late_words(const struct flow *f)
{
	return f->state == FLOW_SHUT && f->shut_how < 0 && fifo_len(&f->pending);
}

// Nobody waits for these words, so that they may be lost where they cannot be sent.
static void send_late_words(struct flow *f)
{
	f->want_dst = false;
	if (f->engine->pump(f) == PUMP_FAIL)
		fifo_fini(&f->pending);
}

bool flow_step(struct flow *f)
{
	uint64_t before = f->received;
	bool had_text;
	enum pump result;

	assert(f->engine);
	if (has_late_words(f))
		send_late_words(f);
	if (flow_has_ended(f))
		return false;
	f->want_src = f->want_dst = false;
	if (f->more->text)
		forget_if_long(f);
	had_text = f->more->text;
	result = f->more->limit ? pump_limited(f) : pump(f);
	f->is_paused = result == PUMP_PAUSE;
	assert(result != PUMP_FAIL || f->error < 0);
	assert(result != PUMP_WAIT || f->want_src || f->want_dst);
	note_received(f, f->received - before);
	if (had_text && !f->more->text)
		choose_engine(f);
	f->is_held = result == PUMP_END && f->holds_end;
	if (result == PUMP_FAIL) {
		set_state(f, FLOW_FAILED);
		return false;
	}
	if (f->eof || result == PUMP_END)
		set_state(f, FLOW_DRAIN);
	if (result == PUMP_END && !f->is_held)
		set_state(f, shut(f));
	return result == PUMP_AGAIN;
}

void flow_inject(struct flow *f, const void *data, size_t len)
{
	if (!flow_has_ended(f) || (f->state == FLOW_SHUT && f->shut_how < 0))
		fifo_add(&f->pending, data, len);
}

size_t flow_undelivered(const struct flow *f)
{
	return fifo_len(&f->pending) + f->piped + interval_held(f->more->interval);
}
