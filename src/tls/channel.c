// SPDX-License-Identifier: ISC
#include "tls/channel.h"

#include "base/mem.h"
#include "sys/socket.h"

#include <errno.h>
#include <sys/socket.h>

_Static_assert((int)TLS_WANTS_READ == WATCH_READ && (int)TLS_WANTS_WRITE == WATCH_WRITE,
	"what TLS waits for is what is watched");

struct tls_channel {
	struct channel channel;
	const struct channel_ops *socket_ops; // of what it was before: a socket; or NULL
	struct channel *below; // what it stands over otherwise
	struct tls *tls;
	bool has_shut;
	unsigned place; // a set of enum tls_place
};

static struct tls_channel *tls_channel_of(const struct channel *c)
{
	return container_of(c, struct tls_channel, channel);
}

// What the relay must know after each call.
static void note_state(struct tls_channel *c)
{
	c->channel.recv_wants = tls_wants(c->tls, true);
	c->channel.send_wants = tls_wants(c->tls, false);
	c->channel.has_more = tls_has_more(c->tls);
	c->channel.unsent = tls_unsent(c->tls);
}

static ssize_t tls_channel_recv(struct channel *channel, void *buf, size_t len)
{
	struct tls_channel *c = tls_channel_of(channel);
	ssize_t n = tls_recv(c->tls, buf, len);

	note_state(c);
	return n;
}

static ssize_t tls_channel_send(struct channel *channel, const void *buf, size_t len)
{
	struct tls_channel *c = tls_channel_of(channel);
	ssize_t n = len ? tls_send(c->tls, buf, len) : tls_flush(c->tls);

	note_state(c);
	return n;
}

// True for what a peer that is gone makes of our end.
static bool is_gone(int error)
{
	return error == -EPIPE || error == -ECONNRESET || error == -ENOTCONN;
}

// True if the connection below is to hear of the end, too.
static bool ends_below(const struct tls_channel *c, int how)
{
	return !c->has_shut && (!(c->place & TLS_THROUGH_PROXY) || how != SHUT_WR);
}

static int shut_below(struct tls_channel *c, int how)
{
	return c->below ? c->below->ops->shut(c->below, how)
			: c->socket_ops->shut(&c->channel, how);
}

// The end of our direction is close_notify and then that of TCP. A peer that is gone by then has
// missed our last word alone where all before it was acknowledged: whether that is a failure, what
// it said itself decides. The end of TCP it may still see.
static int tls_channel_shut(struct channel *channel, int how)
{
	struct tls_channel *c = tls_channel_of(channel);
	bool has_arrived = !channel_unacknowledged(c->below ? c->below : channel);
	int r = how == SHUT_RD ? 0 : tls_end(c->tls);

	note_state(c);
	if ((r == 0 || is_gone(r)) && ends_below(c, how)) {
		int ended = shut_below(c, how);

		c->has_shut = ended != -EAGAIN; // TLS below has words of its own to send
		r = r == 0 ? ended : r;
	}
	if (!has_arrived || (!tls_has_ended(c->tls) && !is_gone(r)))
		return r;
	channel->wr_info.is_tcp = false; // nobody needs to wait for its acknowledgement
	return is_gone(r) ? 0 : r;
}

static void end_below(struct channel *channel, struct channel *below)
{
	if (channel->is_whole)
		below->ops->shut(below, SHUT_WR); // TLS with the proxy ends in order, too
	below->is_whole = channel->is_whole;
	below->is_guarded = channel->is_guarded;
	below->is_private = channel->is_private;
	channel_destroy(below);
}

// A stream that was cut off has no close_notify, and the socket is reset. One that is whole has
// said its end before, unless the user did not want that (--shutdown never).
static void tls_channel_fini(struct channel *channel)
{
	struct tls_channel *c = tls_channel_of(channel);

	if (channel->is_whole)
		tls_end(c->tls);
	tls_destroy(c->tls);
	if (c->below) {
		end_below(channel, c->below);
		return;
	}
	channel->wr_info.is_tcp = channel->rd_info.is_tcp; // which the end of a socket asks for
	c->socket_ops->fini(channel);
}

static const char *tls_channel_failure(const struct channel *channel)
{
	const struct tls_channel *c = tls_channel_of(channel);
	const struct tls_failure *f = tls_failure(c->tls);

	if (f->kind && f->kind != TLS_FAIL_ERRNO)
		return str_c(&f->text);
	return c->below ? channel_failure(c->below) : NULL;
}

static void tls_channel_describe(const struct channel *channel, struct str *s)
{
	struct tls_facts f;

	tls_describe(tls_channel_of(channel)->tls, &f);
	str_add(s, f.version);
	tls_facts_fini(&f);
}

static const struct channel_ops tls_channel_ops = {.name = "tls",
	.recv = tls_channel_recv,
	.send = tls_channel_send,
	.shut = tls_channel_shut,
	.fini = tls_channel_fini,
	.failure = tls_channel_failure,
	.describe = tls_channel_describe};

// Over a channel that is no socket itself.
static struct tls_channel *create_over(struct channel *below)
{
	struct tls_channel *c = xcalloc(1, sizeof(*c));

	channel_unwatch(below); // one watch for a descriptor
	channel_init_member(&c->channel, &tls_channel_ops);
	c->channel.watch.loop = below->watch.loop;
	c->channel.socket = below->socket;
	c->channel.rd_fd = c->channel.wr_fd = c->channel.in = c->channel.out = below->socket;
	c->channel.rd_info = below->rd_info;
	c->channel.wr_info = below->wr_info;
	c->channel.is_private = below->is_private;
	c->channel.is_guarded = below->is_guarded;
	c->below = below;
	return c;
}

// The channel of a socket goes on with calls of TLS: two for each connection would take more of
// memory and of the kernel's time.
static struct tls_channel *become_tls(struct channel *socket)
{
	const struct channel_ops *ops = socket->ops;
	struct tls_channel *c =
		container_of(channel_grow(socket, sizeof(*c)), struct tls_channel, channel);

	c->channel.ops = &tls_channel_ops;
	c->channel.may_splice = false;
	c->socket_ops = ops;
	c->below = NULL;
	c->has_shut = false;
	c->place = 0;
	return c;
}

struct channel *channel_create_tls(struct channel *below, struct tls *t)
{
	bool is_socket = channel_splice_source(below) >= 0;
	struct tls_channel *c = is_socket ? become_tls(below) : create_over(below);

	c->tls = t;
	note_state(c);
	return &c->channel;
}

void channel_tls_set_place(struct channel *c, unsigned place)
{
	tls_channel_of(c)->place = place;
}

bool channel_is_tls(const struct channel *c)
{
	return c->ops == &tls_channel_ops;
}

struct tls *channel_tls(const struct channel *c)
{
	if (!channel_is_tls(c) || tls_channel_of(c)->place & TLS_WITH_PROXY)
		return NULL;
	return tls_channel_of(c)->tls;
}
