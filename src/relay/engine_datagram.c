// SPDX-License-Identifier: ISC
// Moves datagrams, each as it came, the empty ones too: many with one call in and one call out.
#include "relay/flow.h"

#include "base/packets.h"
#include "base/util.h"
#include "io/pool.h"

#include <errno.h>

#define ROUNDS 16 // calls that receive per turn before others get theirs
#define MOST (POOL_BUFFER / sizeof(struct iovec))

// Sends what waits. Returns 0, -EAGAIN, or another negative errno.
static int flush(struct flow *f)
{
	struct iovec d;

	while (packets_peek(&f->pending, &d, 1)) {
		int r = f->dst->ops->send_many(f->dst, &d, 1);

		if (r == -EINTR)
			continue;
		if (r < 0)
			return r;
		f->sent += d.iov_len;
		packets_drop(&f->pending, 1);
	}
	return 0;
}

static void note(struct flow *f, const struct iovec *datagrams, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		f->received += datagrams[i].iov_len;
		if (f->more->tap)
			f->more->tap(f, datagrams[i].iov_base, datagrams[i].iov_len);
	}
}

// Sends what goes and keeps the rest, also where it never will go: that was not delivered. Returns
// as flush() does.
static int deliver(struct flow *f, const struct iovec *datagrams, size_t count)
{
	size_t done = 0;

	while (done < count) {
		int n = f->dst->ops->send_many(f->dst, datagrams + done, count - done);

		if (n == -EINTR)
			continue;
		for (size_t i = done; n < 0 && i < count; i++)
			packets_add(&f->pending, datagrams[i].iov_base, datagrams[i].iov_len);
		if (n < 0)
			return n;
		for (int i = 0; i < n; i++)
			f->sent += datagrams[done++].iov_len;
	}
	return 0;
}

// Receives what there is, without a call where that is nothing: poll(2) tells of more. Returns as
// recv_many does.
static int receive(struct flow *f, struct iovec *datagrams)
{
	int n;

	if (f->eof)
		return 0;
	if (f->is_drained)
		return -EAGAIN;
	n = f->src->ops->recv_many(f->src, datagrams, MOST);
	if (channel_is_polled(f->src))
		f->is_drained = n == -EAGAIN || (n > 0 && !f->src->has_more);
	return n;
}

static enum pump datagram_pump(struct flow *f)
{
	struct iovec *datagrams = (void *)pool_buffer(f->pool);
	int r = flush(f);

	for (int round = 0; r == 0 && round < ROUNDS; round++) {
		int n = receive(f, datagrams);

		if (n == -EINTR)
			continue;
		if (n < 0)
			return flow_stop(f, FLOW_SRC, n);
		if (n == 0) {
			f->eof = true;
			return PUMP_END;
		}
		note(f, datagrams, (size_t)n);
		r = deliver(f, datagrams, (size_t)n);
	}
	return r < 0 ? flow_stop(f, FLOW_DST, r) : PUMP_AGAIN;
}

const struct engine engine_datagram = {"datagram", datagram_pump};
