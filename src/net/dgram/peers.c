// SPDX-License-Identifier: ISC
#include "net/dgram/peers.h"

#include "base/mem.h"
#include "base/util.h"
#include "net/dgram/error_queue.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define ROOM ((size_t)256 << 10) // for a datagram, and for what GRO puts together
#define ROUNDS 16 // batches per turn before others get theirs

static struct peer *find(const struct peers *p, int fd, const struct received *m)
{
	struct list *chain = peer_bucket(p, m->source);

	list_for_each (it, chain) {
		struct peer *q = list_entry(it, struct peer, link);

		if (!peer_is_over(q) && q->channel.socket == fd &&
			sockaddr_equal(&q->source, m->source) &&
			sockaddr_equal(&q->from, &m->reply_from))
			return q;
	}
	return NULL;
}

// Gives up the oldest that has sent one datagram and got none, for it may be anybody's invention.
// Returns whether there was one.
static bool replace_one(struct peers *all)
{
	list_for_each (it, &all->by_age) {
		struct peer *p = list_entry(it, struct peer, age);

		if (p->received > 1 || p->sent || !p->channel.watch.cb)
			continue;
		all->counts.replaced++;
		p->was_replaced = true;
		peer_forget(p);
		peer_wake(p, WATCH_ERROR);
		return true;
	}
	return false;
}

// Returns who has sent the piece; NULL if nobody is served for it.
static struct peer *owner_of(
	struct peers *all, const struct listener_socket *s, const struct received *m)
{
	struct peer *p = find(all, s->fd, m);

	if (p)
		return p;
	if (all->is_closed) {
		all->counts.others++;
		return NULL;
	}
	if (all->is_full || (all->count >= all->options.most && !replace_one(all))) {
		all->counts.crowded++;
		return NULL;
	}
	p = peer_create(all, s, m);
	all->options.on_peer(all->options.data, &p->channel, &p->source);
	return find(all, s->fd, m); // unless it was refused
}

// Returns who gets piece I; NULL for nobody.
static struct peer *assign(struct peers *all, const struct listener_socket *s, unsigned i)
{
	struct received m;
	struct peer *p;

	receiver_get(&all->receiver, i, &m);
	p = owner_of(all, s, &m);
	if (!p)
		return NULL;
	p->received += m.segment < m.len ? m.len / m.segment : 1;
	send_share_heard(&p->share);
	if (m.real_len <= m.len)
		return p;
	all->counts.lost++;
	return NULL;
}

// Hands each piece to who has sent it, and keeps what is not taken.
static void hand_out(struct peers *all, const struct listener_socket *s, unsigned count)
{
	memset(all->owners, 0, sizeof(all->owners));
	all->piece_count = count;
	for (unsigned i = 0; i < count; i++)
		all->owners[i] = assign(all, s, i);
	for (unsigned i = 0; i < count; i++) {
		struct peer *p = all->owners[i];

		if (p && p->channel.watch.wanted & WATCH_READ)
			peer_wake(p, WATCH_READ);
		if (p && all->owners[i] == p)
			peer_keep_pieces(p);
	}
	all->piece_count = 0;
}

// What a relay does that is told may destroy any.
static void tell_errors(struct peers *all, int fd)
{
	peer_take_errors(all, fd);
	while (!list_empty(&all->failed)) {
		struct peer *p = list_entry(all->failed.next, struct peer, failed);

		list_remove(&p->failed);
		peer_wake(p, WATCH_ERROR);
	}
}

// Receives a batch. Returns whether more may be there. What nobody has taken waits for a target to
// be connected or to have room, for which the loop has to go on: more of it might be too much.
static bool receive(struct peers_socket *s)
{
	struct peers *all = s->peers;
	int fd = s->socket->fd;
	size_t waiting = all->waiting;
	int n = receiver_read(&all->receiver, fd, MSG_TRUNC, UINT64_MAX);

	rest_note(&s->rest, n);
	if (n > 0) {
		hand_out(all, s->socket, (unsigned)n);
		return all->receiver.is_full && all->waiting <= waiting;
	}
	if (!is_told_error(n))
		return n == -EINTR;
	tell_errors(all, fd);
	return true;
}

static void on_socket(struct watch *w, unsigned events)
{
	struct peers_socket *s = w->data;

	if (events & WATCH_ERROR)
		tell_errors(s->peers, w->fd);
	for (int i = 0; i < ROUNDS && receive(s); i++)
		continue;
}

void peers_prepare(int fd)
{
	receiver_prepare(fd, RECEIVER_DESTINATION, true);
	send_share_prepare(fd);
	error_queue_open(fd);
}

static int start_socket(struct peers *p, struct peers_socket *s, struct listener_socket *l)
{
	s->peers = p;
	s->socket = l;
	rest_init(&s->rest, p->options.loop, &l->watch, l->is_inherited, p->options.on_short,
		p->options.data);
	if (l->is_inherited)
		receiver_drops(l->fd, &s->first_drops);
	return watch_init(&l->watch, p->options.loop, l->fd,
		WATCH_DATAGRAM | (l->is_inherited ? WATCH_SHARED : 0u), on_socket, s);
}

int peers_start(struct peers *p, const struct peers_options *options)
{
	struct listener *l = options->listener;
	int r = 0;

	assert(options->most && options->on_peer && options->on_short && l->count);
	*p = (struct peers){.options = *options, .batch = batch_take()};
	peer_table_init(p);
	receiver_init(&p->receiver, ROOM, RECEIVER_MESSAGES);
	p->sockets = xcalloc(l->count, sizeof(*p->sockets));
	for (size_t i = 0; i < l->count && r == 0; i++)
		r = start_socket(p, &p->sockets[i], &l->sockets[i]);
	for (size_t i = 0; i < l->count && r == 0; i++)
		watch_want(&l->sockets[i].watch, WATCH_READ);
	return r;
}

void peers_close(struct peers *p)
{
	p->is_closed = true;
}

void peers_count_drops(struct peers *p)
{
	for (size_t i = 0; p->sockets && i < p->options.listener->count; i++) {
		uint32_t drops;

		if (receiver_drops(p->sockets[i].socket->fd, &drops))
			p->counts.dropped += drops - p->sockets[i].first_drops;
	}
}

void peers_fini(struct peers *p)
{
	if (!p->table)
		return;
	assert(!p->count);
	receiver_fini(&p->receiver);
	batch_release();
	for (size_t i = 0; i < p->options.listener->count; i++)
		rest_fini(&p->sockets[i].rest);
	free(p->sockets);
	free(p->table);
	*p = (struct peers){0};
}
