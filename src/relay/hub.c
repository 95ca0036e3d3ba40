// SPDX-License-Identifier: ISC
#include "relay/hub.h"

#include "relay/relay.h"

#include <errno.h>
#include <string.h>

#define FAR_BEHIND (1024 * 1024) // the input waits for a member with more than this in its queue
#define STALL_MS 200 // unless it takes nothing for so long while another has nothing left

static size_t queued(const struct hub_member *m)
{
	return m->queue.len - m->queue_start;
}

bool hub_is_busy(const struct hub *h)
{
	return h->pending_start < h->pending.len;
}

static bool is_far_behind(const struct hub_member *m)
{
	return queued(m) > FAR_BEHIND;
}

// The input goes at the pace of the slowest who still reads.
static bool wants_input(const struct hub *h)
{
	if (h->input_is_file || h->input_ended || list_empty(&h->members))
		return false;
	list_for_each (it, &h->members) {
		if (is_far_behind(list_entry(it, struct hub_member, link)))
			return false;
	}
	return true;
}

static void update(struct hub *h)
{
	if (h->stdio.rd)
		watch_want(h->stdio.rd, wants_input(h) ? WATCH_READ : 0);
	if (h->stdio.wr)
		watch_want(h->stdio.wr, hub_is_busy(h) ? WATCH_WRITE : 0);
}

static bool somebody_starves(const struct hub *h)
{
	list_for_each (it, &h->members) {
		if (!queued(list_entry(it, struct hub_member, link)))
			return true;
	}
	return false;
}

// Who does not read stalls nobody. Where nobody else waits, there is no reason to cut anybody off.
static void on_stall(void *data)
{
	struct hub *h = data;
	uint64_t now = uv_now(h->loop);
	bool again = false;

	list_for_each (it, &h->members) {
		struct hub_member *m = list_entry(it, struct hub_member, link);

		if (!is_far_behind(m))
			continue;
		if (now - m->taken >= STALL_MS && somebody_starves(h))
			h->on_behind(h, m); // takes it off the list
		else
			again = true;
	}
	if (again)
		timer_start(&h->stall, STALL_MS);
	update(h);
}

static void give(struct hub *h, const char *data, size_t len)
{
	list_for_each (it, &h->members) {
		struct hub_member *m = list_entry(it, struct hub_member, link);

		if (!queued(m))
			m->taken = uv_now(h->loop);
		str_addn(&m->queue, data, len);
		relay_wake(m->relay);
		if (is_far_behind(m) && !timer_is_running(&h->stall))
			timer_start(&h->stall, STALL_MS);
	}
}

static void end_input(struct hub *h)
{
	h->input_ended = true;
	list_for_each (it, &h->members) {
		relay_wake(list_entry(it, struct hub_member, link)->relay);
	}
}

static void read_input(struct hub *h)
{
	static char buffer[32 * 1024];
	ssize_t n = h->stdio.ops->recv(&h->stdio, buffer, sizeof(buffer));

	if (n > 0)
		give(h, buffer, (size_t)n);
	else if (n == 0)
		end_input(h);
	else if (n != -EAGAIN && n != -EINTR)
		h->on_failed(h, true, (int)n);
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
	list_for_each (it, &h->members) {
		struct hub_member *m = list_entry(it, struct hub_member, link);

		if (m->blocked)
			relay_wake(m->relay);
		m->blocked = false;
	}
}

static void flush_output(struct hub *h)
{
	size_t len = h->pending.len - h->pending_start;
	ssize_t left = write_output(h, h->pending.data + h->pending_start, len);

	if (left < 0) {
		h->on_failed(h, false, (int)left);
		return;
	}
	h->pending_start = h->pending.len - (size_t)left;
	if (left)
		return;
	str_fini(&h->pending);
	h->pending_start = 0;
	wake_blocked(h);
	h->on_drained(h);
}

static void on_stdio(struct watch *w, unsigned events)
{
	struct hub *h = w->data;
	bool is_output = w == h->stdio.wr;

	if (is_output && events & WATCH_ERROR) {
		h->on_failed(h, false, -EPIPE);
		return;
	}
	if (is_output && hub_is_busy(h))
		flush_output(h);
	else if (!is_output && wants_input(h))
		read_input(h);
	update(h);
}

static ssize_t member_recv(struct endpoint *e, void *buf, size_t len)
{
	struct hub_member *m = container_of(e, struct hub_member, endpoint);
	size_t n = MIN(len, queued(m));

	if (m->hub->input_is_file)
		return endpoint_recv_fd(e, buf, len);
	if (n == 0)
		return m->hub->input_ended ? 0 : -EAGAIN;
	m->taken = uv_now(m->hub->loop);
	memcpy(buf, m->queue.data + m->queue_start, n);
	m->queue_start += n;
	if (!queued(m)) {
		str_fini(&m->queue);
		m->queue_start = 0;
	} else if (m->queue_start > FAR_BEHIND) {
		str_drop(&m->queue, m->queue_start);
		m->queue_start = 0;
	}
	update(m->hub);
	return (ssize_t)n;
}

// Takes all of it or nothing, so that what came in one read stays together.
static ssize_t member_send(struct endpoint *e, const void *buf, size_t len)
{
	struct hub_member *m = container_of(e, struct hub_member, endpoint);
	struct hub *h = m->hub;
	ssize_t left;

	if (hub_is_busy(h)) {
		m->blocked = true;
		return -EAGAIN;
	}
	left = write_output(h, buf, len);
	if (left < 0)
		return left;
	str_addn(&h->pending, (const char *)buf + len - left, (size_t)left);
	update(h);
	return (ssize_t)len;
}

// The output is for the others, too.
static int member_shut(struct endpoint *e, int how)
{
	(void)e;
	(void)how;
	return 0;
}

static const struct endpoint_ops member_ops = {member_recv, member_send, member_shut};

int hub_init(struct hub *h, uv_loop_t *loop, int in, int out, hub_failed_fn *on_failed,
	hub_behind_fn *on_behind, hub_drained_fn *on_drained, void *data)
{
	*h = (struct hub){.loop = loop,
		.on_failed = on_failed,
		.on_behind = on_behind,
		.on_drained = on_drained,
		.data = data};
	list_init(&h->members);
	timer_init(&h->stall, loop, on_stall, h);

	int r = endpoint_init_stdio(&h->stdio, loop, in, out, on_stdio, h);

	h->input_is_file = h->stdio.rd_info.kind == FD_FILE;
	return r;
}

void hub_fini(struct hub *h)
{
	str_fini(&h->pending);
	timer_fini(&h->stall);
	if (h->stdio.ops)
		endpoint_fini(&h->stdio);
}

void hub_join(struct hub *h, struct hub_member *m, struct relay *relay)
{
	*m = (struct hub_member){.hub = h, .relay = relay};
	if (h->input_is_file)
		endpoint_init_file(&m->endpoint, h->stdio.in, (off_t)h->stdio.rd_info.position);
	else
		m->endpoint = (struct endpoint){.rd_fd = -1, .wr_fd = -1};
	m->endpoint.rd_info.kind = h->stdio.rd_info.kind;
	m->endpoint.wr_fd = -1;
	m->endpoint.ops = &member_ops;
	if (m->endpoint.offset)
		m->endpoint.offset = &m->endpoint.own_offset;
	list_append(&h->members, &m->link);
	update(h);
}

void hub_leave(struct hub_member *m)
{
	list_remove(&m->link);
	str_fini(&m->queue);
	update(m->hub);
}
