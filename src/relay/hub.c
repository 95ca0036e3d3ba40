// SPDX-License-Identifier: ISC
#include "relay/hub.h"

#include "io/pool.h"
#include "relay/relay.h"

#include <assert.h>
#include <errno.h>

#define INPUT_PIECE ((size_t)32 * 1024) // bytes that are read at once

bool hub_is_busy(const struct hub *h)
{
	return fifo_len(&h->pending) > 0;
}

// The input goes at the pace of the slowest who still reads.
static bool wants_input(const struct hub *h)
{
	return !h->input_is_file && !h->input_ended && !list_empty(&h->fanout.readers) &&
	       fanout_has_room(&h->fanout, NULL);
}

static void update(struct hub *h)
{
	if (h->stdio.rd)
		watch_want(h->stdio.rd, wants_input(h) ? WATCH_READ : 0);
	if (h->stdio.wr)
		watch_want(h->stdio.wr, hub_is_busy(h) ? WATCH_WRITE : 0);
}

static void on_reader_behind(struct fanout *a, struct fanout_reader *reader)
{
	struct hub *h = a->data;

	h->options.on_behind(h, container_of(reader, struct hub_member, reader));
}

static void on_room(struct fanout *a)
{
	update(a->data);
}

static void end_input(struct hub *h)
{
	h->input_ended = true;
	list_for_each (it, &h->fanout.readers)
		relay_wake(list_entry(it, struct fanout_reader, link)->relay);
}

static void read_input(struct hub *h)
{
	char *buffer = pool_buffer(h->options.pool);
	ssize_t n = h->stdio.ops->recv(&h->stdio, buffer, INPUT_PIECE);

	if (n > 0)
		fanout_give(&h->fanout, NULL, buffer, (size_t)n);
	else if (n == 0)
		end_input(h);
	else if (n != -EAGAIN && n != -EINTR)
		h->options.on_failed(h, true, (int)n);
}

// Returns what is left of LEN bytes, or a negative errno.
static ssize_t write_output(struct hub *h, const char *data, size_t len)
{
	ssize_t n;

	do {
		n = h->stdio.ops->send(&h->stdio, data, len);
	} while (n == -EINTR);
	if (n == -EAGAIN)
		n = 0;
	return n < 0 ? n : (ssize_t)len - n;
}

static void wake_blocked(struct hub *h)
{
	list_for_each (it, &h->fanout.readers) {
		struct hub_member *m = list_entry(it, struct hub_member, reader.link);

		if (m->blocked)
			relay_wake(m->reader.relay);
		m->blocked = false;
	}
}

static void flush_output(struct hub *h)
{
	size_t len = fifo_len(&h->pending);
	ssize_t left = write_output(h, fifo_data(&h->pending), len);

	if (left < 0) {
		h->options.on_failed(h, false, (int)left);
		return;
	}
	fifo_drop(&h->pending, len - (size_t)left);
	if (left)
		return;
	wake_blocked(h);
	h->options.on_drained(h);
}

static void on_stdio(struct watch *w, unsigned events)
{
	struct hub *h = w->data;
	bool is_output = w == h->stdio.wr;

	if (is_output && events & WATCH_ERROR) {
		h->options.on_failed(h, false, -EPIPE);
		return;
	}
	if (is_output && hub_is_busy(h))
		flush_output(h);
	else if (!is_output && wants_input(h))
		read_input(h);
	update(h);
}

static ssize_t member_recv(struct channel *e, void *buf, size_t len)
{
	struct hub_member *m = container_of(e, struct hub_member, channel);
	size_t n;

	if (m->hub->input_is_file)
		return channel_recv_fd(e, buf, len);
	n = fanout_take(&m->reader, buf, len);
	return n || m->hub->input_ended ? (ssize_t)n : -EAGAIN;
}

// Takes all of it or nothing, so that what came in one read stays together.
static ssize_t member_send(struct channel *e, const void *buf, size_t len)
{
	struct hub_member *m = container_of(e, struct hub_member, channel);
	struct hub *h = m->hub;
	ssize_t left;

	if (hub_is_busy(h)) {
		m->blocked = true;
		return -EAGAIN;
	}
	left = write_output(h, buf, len);
	if (left < 0)
		return left;
	fifo_add(&h->pending, (const char *)buf + len - left, (size_t)left);
	update(h);
	return (ssize_t)len;
}

// The output is for the others, too.
static int member_shut(struct channel *e, int how)
{
	(void)e;
	(void)how;
	return 0;
}

static const struct channel_ops member_ops = {
	.name = "hub", .recv = member_recv, .send = member_send, .shut = member_shut};

int hub_init(struct hub *h, const struct hub_options *o)
{
	assert(o->pool && o->on_failed && o->on_behind && o->on_drained);
	*h = (struct hub){.options = *o};
	fanout_init(&h->fanout, o->pool->loop, on_reader_behind, on_room, h);

	int r = channel_init_stdio(&h->stdio, o->pool->loop, o->in, o->out);

	if (r == 0)
		r = channel_watch(&h->stdio, on_stdio, h);
	h->input_is_file = h->stdio.rd_info.kind == FD_FILE;
	h->input_place = fd_place(h->stdio.in);
	return r;
}

void hub_fini(struct hub *h)
{
	fifo_fini(&h->pending);
	fanout_fini(&h->fanout);
	channel_fini(&h->stdio);
}

void hub_join(struct hub *h, struct hub_member *m, struct relay *relay)
{
	assert(relay);
	*m = (struct hub_member){.hub = h};
	fanout_join(&h->fanout, &m->reader, relay);
	if (h->input_is_file)
		channel_init_file(&m->channel, h->stdio.in, &h->input_place);
	else
		channel_init_member(&m->channel, &member_ops);
	m->channel.rd_info.kind = h->stdio.rd_info.kind;
	m->channel.ops = &member_ops;
	update(h);
}

void hub_leave(struct hub_member *m)
{
	assert(m->hub);
	fanout_leave(&m->reader);
	update(m->hub);
}
