// SPDX-License-Identifier: ISC
#include "io/closing.h"

#include "base/mem.h"
#include "base/util.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>

#define FIRST_MS 1 // the wait for acknowledgements starts with this and doubles
#define LAST_MS 50

void ack_wait_init(struct ack_wait *w, uv_loop_t *loop, timer_fn *cb, void *data)
{
	assert(cb);
	timer_init(&w->timer, loop, cb, data);
	w->ms = FIRST_MS;
}

void ack_wait_start(struct ack_wait *w)
{
	timer_start(&w->timer, w->ms);
	w->ms = MIN(w->ms * 2, LAST_MS);
}

void ack_wait_stop(struct ack_wait *w)
{
	timer_stop(&w->timer);
}

void ack_wait_fini(struct ack_wait *w)
{
	timer_fini(&w->timer);
}

struct closing {
	uv_loop_t *loop;
	struct channel *channel; // NULL once it is closed
	enum closing_how how;
	bool peer_ended;
	struct ack_wait wait;
	uint64_t limit_ms;
	uint64_t active; // uv_now() when the other side took something last
	int left; // bytes that it had not taken then
	closing_fn *done;
	void *data;
};

static void close_channel(struct closing *c)
{
	channel_destroy(c->channel);
	c->channel = NULL;
}

static bool is_too_slow(struct closing *c, int left)
{
	uint64_t now = uv_now(c->loop);

	if (left != c->left)
		c->active = now;
	c->left = left;
	return c->limit_ms && now - c->active >= c->limit_ms;
}

static void on_timer(void *data)
{
	struct closing *c = data;
	int left = channel_settle(c->channel, &c->peer_ended);

	if (left > 0 && !is_too_slow(c, left)) {
		ack_wait_start(&c->wait);
		return;
	}
	if (left == 0 && c->how == CLOSING_ORDERLY)
		channel_complete(c->channel);
	close_channel(c);
	c->done(c->data, left > 0 ? -ETIMEDOUT : left);
}

struct closing *closing_create(uv_loop_t *loop, struct channel *channel, enum closing_how how,
	uint64_t limit_ms, closing_fn *done, void *data)
{
	struct closing *c = xmalloc(sizeof(*c));

	assert(channel_socket(channel) >= 0);
	assert(done);
	*c = (struct closing){.loop = loop,
		.channel = channel,
		.how = how,
		.limit_ms = limit_ms,
		.active = uv_now(loop),
		.done = done,
		.data = data};
	ack_wait_init(&c->wait, loop, on_timer, c);
	if (how == CLOSING_ORDERLY)
		channel->ops->shut(channel, SHUT_WR);
	ack_wait_start(&c->wait);
	return c;
}

void closing_destroy(struct closing *c)
{
	if (!c)
		return;
	ack_wait_fini(&c->wait);
	close_channel(c);
	free(c);
}
