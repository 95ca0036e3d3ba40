// SPDX-License-Identifier: ISC
// Moves bytes inside the kernel, without copying them to the program: sendfile() from a file to a
// socket, splice() where one side is a pipe, and splice() through a pipe of our own otherwise.
#include "relay/flow.h"
#include "relay/pending.h"

#include "io/pool.h"
#include "sys/fd_calls.h"
#include "sys/file.h"
#include "sys/socket.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>

#define ROUNDS 16 // calls per turn before others get theirs
#define CHUNK ((size_t)1 << 20)

static enum pump fall_back(struct flow *f)
{
	f->engine = &engine_copy;
	return engine_copy.pump(f);
}

static enum pump wait_for(struct flow *f, bool src, bool dst)
{
	f->want_src = src;
	f->want_dst = dst;
	return PUMP_WAIT;
}

static bool is_refused(ssize_t error)
{
	return error == -EINVAL || error == -ENOSYS || error == -EOPNOTSUPP;
}

// splice() halts there with EAGAIN; recv() reads on.
static bool is_at_urgent_data(const struct flow *f)
{
	return f->src->rd_info.is_tcp && sys_sockatmark(channel_splice_source(f->src)) > 0;
}

// EAGAIN does not say which side blocks; the kernel knows.
static enum pump wait_for_blocked_side(struct flow *f)
{
	struct pollfd fds[2] = {
		{.fd = channel_splice_source(f->src), .events = POLLIN},
		{.fd = channel_splice_sink(f->dst), .events = POLLOUT},
	};

	if (sys_poll(fds, 2, 0) < 0)
		return PUMP_AGAIN;
	if (fds[0].revents && fds[1].revents)
		return is_at_urgent_data(f) ? engine_copy.pump(f) : PUMP_AGAIN;
	return wait_for(f, !fds[0].revents, !fds[1].revents);
}

static enum pump fail_direct(struct flow *f, ssize_t error)
{
	bool src_is_pipe = f->src->rd_info.kind == FD_PIPE;

	// A pipe as source has no errors; a pipe as destination has but one.
	return flow_fail(f, src_is_pipe || error == -EPIPE ? FLOW_DST : FLOW_SRC, error);
}

// splice() says 0 at the end of a stream, but also where urgent data stands in it. Only recv() can
// tell, and read on.
static enum pump end_or_urgent(struct flow *f)
{
	if (f->src->rd_info.kind == FD_SOCKET)
		return fall_back(f);
	f->eof = true;
	return PUMP_END;
}

// One side is a pipe: no other is needed.
static enum pump pump_direct(struct flow *f)
{
	for (int round = 0; round < ROUNDS; round++) {
		size_t chunk = flow_room(f, CHUNK);

		if (!chunk)
			return PUMP_PAUSE;

		ssize_t n = sys_splice(channel_splice_source(f->src), channel_splice_sink(f->dst),
			chunk, SPLICE_F_MOVE | SPLICE_F_NONBLOCK);

		if (n == -EINTR)
			continue;
		if (n == -EAGAIN)
			return wait_for_blocked_side(f);
		if (is_refused(n))
			return fall_back(f);
		if (n < 0)
			return fail_direct(f, n);
		if (n == 0)
			return end_or_urgent(f);
		f->received += (uint64_t)n;
		f->sent += (uint64_t)n;
		// Most often that was all there is now, and asking would cost two more calls.
		if (f->src->rd_info.kind != FD_FILE)
			return wait_for(f, true, false);
	}
	return PUMP_AGAIN;
}

// Errors that come from reading the file; the others are the socket's.
static bool is_file_error(ssize_t error)
{
	return error == -EIO || error == -EISDIR || error == -EBADF || error == -ESTALE ||
	       error == -EOVERFLOW || error == -ENOMEM;
}

static enum pump pump_sendfile(struct flow *f)
{
	for (int round = 0; round < ROUNDS; round++) {
		size_t chunk = flow_room(f, CHUNK);

		if (!chunk)
			return PUMP_PAUSE;

		ssize_t n = sys_sendfile(channel_splice_sink(f->dst), channel_splice_source(f->src),
			f->src->has_offset ? &f->src->offset : NULL, chunk);

		if (n == -EINTR)
			continue;
		if (n == -EAGAIN)
			return wait_for(f, false, true);
		if (is_refused(n))
			return fall_back(f);
		if (n < 0)
			return flow_fail(f, is_file_error(n) ? FLOW_SRC : FLOW_DST, n);
		if (n == 0) {
			f->eof = true;
			return PUMP_END;
		}
		f->received += (uint64_t)n;
		f->sent += (uint64_t)n;
		// Less than asked for: the socket is full, or the file ends and the next call says
		// so.
		if ((size_t)n < chunk && f->dst->wr)
			return wait_for(f, false, true);
	}
	return PUMP_AGAIN;
}

// Empties the pipe into the destination. Returns 0 when it is empty, or a negative errno.
static ssize_t flush_pipe(struct flow *f)
{
	while (f->piped) {
		ssize_t n = sys_splice(f->pipe[0], channel_splice_sink(f->dst), f->piped,
			SPLICE_F_MOVE | SPLICE_F_NONBLOCK);

		if (n == -EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? n : -EIO;
		f->piped -= (uint32_t)n;
		f->sent += (uint64_t)n;
	}
	return 0;
}

// Takes what the source has into the pipe, which is empty: a pipe is full by pieces, not by bytes,
// so -EAGAIN from one that holds some would not say which side blocks. Returns what splice() does.
static ssize_t fill_pipe(struct flow *f)
{
	ssize_t n = sys_splice(channel_splice_source(f->src), f->pipe[1], flow_room(f, CHUNK),
		SPLICE_F_MOVE | SPLICE_F_NONBLOCK);

	if (n > 0) {
		f->piped += (uint32_t)n;
		f->received += (uint64_t)n;
	}
	return n;
}

static enum pump move_through_pipe(struct flow *f)
{
	bool filled = false;

	for (int round = 0; round < ROUNDS; round++) {
		ssize_t n = flush_pipe(f);

		if (n == -EAGAIN)
			return wait_for(f, false, true);
		if (is_refused(n))
			return fall_back(f);
		if (n < 0)
			return flow_fail(f, FLOW_DST, n);
		if (f->eof)
			return PUMP_END;
		// Most often that was all there is now, and the poll tells for less than another
		// try.
		if (filled && f->src->rd)
			return wait_for(f, true, false);

		if (!flow_room(f, CHUNK))
			return PUMP_PAUSE;
		n = fill_pipe(f);
		filled = n > 0;
		if (n == -EINTR)
			continue;
		if (n == -EAGAIN)
			return is_at_urgent_data(f) ? engine_copy.pump(f)
						    : wait_for(f, true, false);
		if (is_refused(n))
			return fall_back(f);
		if (n < 0)
			return flow_fail(f, FLOW_SRC, n);
		if (n == 0)
			return end_or_urgent(f);
	}
	return PUMP_AGAIN;
}

static enum pump pump_through(struct flow *f)
{
	enum pump result;

	if (f->pipe[0] < 0 &&
		(f->received < f->splice_after || pool_take_pipe(f->pool, f->pipe) < 0))
		return engine_copy.pump(f);
	result = move_through_pipe(f);
	if (!f->piped)
		pool_give_pipe(f->pool, f->pipe);
	return result;
}

static enum pump splice_pump(struct flow *f)
{
	const struct fd_info *src = &f->src->rd_info;
	const struct fd_info *dst = &f->dst->wr_info;
	int r = pending_flush(f); // what was injected comes first

	if (r < 0)
		return flow_stop(f, FLOW_DST, r);
	if (f->eof && !f->piped)
		return PUMP_END;
	if (src->kind == FD_FILE && dst->kind == FD_SOCKET)
		return pump_sendfile(f);
	if (!f->src->has_offset && (src->kind == FD_PIPE || dst->kind == FD_PIPE))
		return pump_direct(f);
	return pump_through(f);
}

const struct engine engine_splice = {"splice", splice_pump};
