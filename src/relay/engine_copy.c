// SPDX-License-Identifier: ISC
// Moves bytes through a buffer: the engine for everything that somebody must look at.
#include "relay/answer.h"
#include "relay/filter.h"
#include "relay/flow.h"
#include "relay/pending.h"
#include "relay/request.h"

#include "io/pool.h"
#include "sys/file.h"

#include <errno.h>
#include <sys/socket.h>

#define ROUNDS 16 // reads per turn before others get theirs

// A short read from what can be waited for means that no more is there now, unless no more was
// asked for.
static bool is_drained(const struct flow *f, size_t got)
{
	const struct channel *src = f->src;

	return got < POOL_BUFFER && !f->more->limit && !f->more->interval && src->rd &&
	       !src->has_more && src->rd_info.kind != FD_FILE;
}

// Sends bytes on and keeps what the destination does not take, also where it never will: that was
// not delivered. Returns 0, -EAGAIN if some were kept, or another negative errno.
static int deliver(struct flow *f, const char *data, size_t len)
{
	int r = 0;

	if (f->more->tap && !f->tap_before_filter)
		f->more->tap(f, data, len);
	if (f->more->text)
		request_text_add(&f->more->text, data, len);
	if (!fifo_len(&f->pending)) {
		ssize_t n = f->dst->ops->send(f->dst, data, len);

		if (n < 0 && n != -EAGAIN && n != -EINTR)
			r = (int)n;
		n = MAX(n, 0);
		f->sent += (uint64_t)n;
		data += n;
		len -= (size_t)n;
	}
	fifo_add(&f->pending, data, len);
	return r == 0 && fifo_len(&f->pending) ? -EAGAIN : r;
}

static int filter_and_deliver(struct flow *f, const char *data, size_t len)
{
	struct str out = {0};
	int r = 0;

	if (f->more->answer)
		answer_add(f->more->answer, data, len);
	if (f->more->tap && f->tap_before_filter)
		f->more->tap(f, data, len);
	if (!f->more->filter)
		return deliver(f, data, len);
	f->more->filter->run(f->more->filter, (const unsigned char *)data, len, &out);
	if (out.len)
		r = deliver(f, out.data, out.len);
	str_fini(&out);
	return r;
}

// The source may be wanted for so many bytes only.
static size_t room(const struct flow *f)
{
	uint64_t limit = channel_calls(f->src)->recv_limit;

	return flow_room(f, limit ? (size_t)MIN(limit - f->received, POOL_BUFFER) : POOL_BUFFER);
}

// What the splice engine left in its pipe comes before what the source still has.
static ssize_t receive(struct flow *f, char *buffer)
{
	ssize_t n;

	if (f->more->interval)
		return interval_recv(f->more->interval, f->src, buffer, room(f), f->eof);
	if (!f->piped)
		return f->src->ops->recv(f->src, buffer, room(f));
	n = sys_read(f->pipe[0], buffer, MIN(f->piped, POOL_BUFFER));
	if (n > 0) {
		f->piped -= (uint32_t)n;
		f->received -= (uint64_t)n; // counted when it entered the pipe
	}
	return n;
}

// What was only looked at would come again for ever.
static bool is_enough(const struct flow *f)
{
	struct channel_calls *calls = f->src->calls;

	if (!calls)
		return false;
	if (calls->recv_count && --calls->recv_count == 0)
		return true;
	return (calls->recv_limit && f->received >= calls->recv_limit) ||
	       calls->recv_flags & MSG_PEEK;
}

// TCP counts what it receives with this flag and hands out nothing (tcp(7)).
static bool is_discarded(const struct channel *src)
{
	return src->rd_info.is_tcp && channel_calls(src)->recv_flags & MSG_TRUNC;
}

static enum pump copy_pump(struct flow *f)
{
	char *buffer = pool_buffer(f->pool);
	bool had_text = f->more->text;

	for (int round = 0; round < ROUNDS; round++) {
		int r = pending_flush(f);

		if (r < 0)
			return flow_stop(f, FLOW_DST, r);
		if (f->eof && !f->piped && !interval_held(f->more->interval))
			return PUMP_END;
		if (!f->piped && !room(f))
			return PUMP_PAUSE;

		ssize_t n = receive(f, buffer);

		if (n == -EINTR)
			continue;
		if (n == -EAGAIN && interval_held(f->more->interval))
			return PUMP_PAUSE;
		if (n < 0)
			return flow_stop(f, FLOW_SRC, n);
		if (n == 0) {
			f->eof = true;
			continue;
		}
		f->received += (uint64_t)n;
		f->eof = is_enough(f) || f->eof;
		if (is_discarded(f->src)) {
			f->sent += (uint64_t)n;
			continue;
		}
		r = filter_and_deliver(f, buffer, (size_t)n);
		if (r < 0)
			return flow_stop(f, FLOW_DST, r);
		if (had_text && !f->more->text)
			return PUMP_AGAIN; // another engine may take over
		if (!f->piped && !f->eof && is_drained(f, (size_t)n))
			return flow_stop(f, FLOW_SRC, -EAGAIN);
	}
	return PUMP_AGAIN;
}

const struct engine engine_copy = {"copy", copy_pump};
