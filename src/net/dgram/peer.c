// SPDX-License-Identifier: ISC
#include "net/dgram/peer.h"

#include "base/mem.h"
#include "base/packets.h"
#include "base/util.h"
#include "net/dgram/dgram_socket.h"
#include "net/dgram/error_queue.h"
#include "net/dgram/reflection.h"
#include "sys/trace.h"

#include <errno.h>
#include <string.h>

#define BUCKETS 1024u
#define WAITING_MOST ((size_t)1 << 20) // bytes of one peer
#define WAITING_MOST_ALL ((size_t)64 << 20) // and of all
#define ERRORS_MOST 64 // ICMP messages per turn
#define SEND_TRIES 8 // of a call that meets what is about others
// Until a socket that took nothing is asked again, for longer each time. A device takes more within
// milliseconds; in the Unix domain nothing tells that a receiver has room.
#define RETRY_MS 1
#define RETRY_MOST_MS 4
#define RETRY_MOST_UNIX_MS 512

static struct peer *of(struct channel *c)
{
	return container_of(c, struct peer, channel);
}

static uint32_t hash(const struct peers *p, const struct sockaddr_any *a)
{
	const unsigned char *bytes = (const void *)&a->storage;
	uint32_t h = p->seed;

	for (socklen_t i = 0; i < a->len; i++)
		h = (h ^ bytes[i]) * 16777619u;
	return h ^ h >> 15;
}

struct list *peer_bucket(const struct peers *p, const struct sockaddr_any *source)
{
	return &p->table[hash(p, source) % BUCKETS];
}

void peer_table_init(struct peers *all)
{
	all->seed = (uint32_t)trace_now() ^ (uint32_t)(uintptr_t)all;
	all->table = xcalloc(BUCKETS, sizeof(*all->table));
	for (size_t i = 0; i < BUCKETS; i++)
		list_init(&all->table[i]);
	list_init(&all->by_age);
	list_init(&all->failed);
}

void peer_wake(struct peer *p, unsigned events)
{
	if (p->channel.watch.cb)
		p->channel.watch.cb(&p->channel.watch, events);
}

static void on_retry(void *data)
{
	struct peer *p = data;

	if (p->channel.watch.wanted & WATCH_WRITE)
		peer_wake(p, WATCH_WRITE);
}

void peer_take_errors(struct peers *p, int fd)
{
	struct queued_error e;

	for (int i = 0; i < ERRORS_MOST && error_queue_take(fd, &e); i++) {
		list_for_each (it, peer_bucket(p, &e.to)) {
			struct peer *q = list_entry(it, struct peer, link);

			if (q->error || q->channel.socket != fd ||
				!sockaddr_equal(&q->source, &e.to))
				continue;
			q->error = e.error;
			str_add_queued_error(&q->failure, &e);
			list_append(&p->failed, &q->failed);
		}
	}
}

// Takes the pieces at hand that are the peer's to DATAGRAMS. Returns how many datagrams.
static size_t take_pieces(struct peer *p, struct iovec *datagrams, size_t most)
{
	struct peers *all = p->peers;
	size_t count = 0;

	for (unsigned i = 0; i < all->piece_count; i++) {
		struct received m;

		if (all->owners[i] != p)
			continue;
		receiver_get(&all->receiver, i, &m);
		if (count + BATCH_SEGMENTS > most)
			break;
		all->owners[i] = NULL;
		count += batch_split(&m, datagrams + count);
	}
	return count;
}

static void drop_waiting(struct peer *p, size_t count)
{
	size_t before = fifo_len(&p->waiting);

	packets_drop(&p->waiting, count);
	p->peers->waiting -= before - fifo_len(&p->waiting);
}

void peer_keep_pieces(struct peer *p)
{
	struct iovec datagrams[BATCH_SEGMENTS];
	struct peers *all = p->peers;
	size_t count;

	while ((count = take_pieces(p, datagrams, BATCH_SEGMENTS)) > 0) {
		for (size_t i = 0; i < count; i++) {
			size_t before = fifo_len(&p->waiting);

			if (before + datagrams[i].iov_len > WAITING_MOST ||
				all->waiting + datagrams[i].iov_len > WAITING_MOST_ALL) {
				all->counts.lost++;
				continue;
			}
			packets_add(&p->waiting, datagrams[i].iov_base, datagrams[i].iov_len);
			all->waiting += fifo_len(&p->waiting) - before;
		}
	}
}

bool peer_is_over(const struct peer *p)
{
	uint64_t limit = p->peers->options.limit;

	return p->has_ended || (limit && p->taken >= limit);
}

// Whether something may be received: 1, 0 at the end, or a negative errno.
static int readiness(const struct peer *p)
{
	if (p->was_replaced)
		return -ECANCELED;
	if (p->error)
		return p->error;
	return p->peers->options.limit && p->taken >= p->peers->options.limit ? 0 : 1;
}

static ssize_t peer_recv(struct channel *c, void *buf, size_t len)
{
	struct peer *p = of(c);
	struct iovec d;
	int r = readiness(p);

	if (r <= 0)
		return r;
	peer_keep_pieces(p);
	while (packets_peek(&p->waiting, &d, 1)) {
		size_t n = d.iov_len;

		if (n > len)
			return -EMSGSIZE;
		memcpy(buf, d.iov_base, n);
		drop_waiting(p, 1);
		p->taken++;
		c->has_more = true;
		if (n || readiness(p) == 0)
			return (ssize_t)n;
	}
	c->has_more = false;
	return p->has_ended ? 0 : -EAGAIN;
}

static int peer_recv_many(struct channel *c, struct iovec *datagrams, size_t most)
{
	struct peer *p = of(c);
	int r = readiness(p);
	size_t count;

	if (r <= 0)
		return r;
	drop_waiting(p, p->handed_out);
	p->handed_out = 0;
	count = packets_peek(&p->waiting, datagrams, most);
	p->handed_out = count;
	if (!count)
		count = take_pieces(p, datagrams, most);
	if (p->peers->options.limit)
		count = MIN(count, p->peers->options.limit - p->taken);
	p->taken += count;
	return count || p->has_ended ? (int)count : -EAGAIN;
}

// A peer that a call can send to: what is about others, the call may meet all the same.
static bool is_about_others(struct peer *p, int error)
{
	if (!is_told_error(error))
		return false;
	peer_take_errors(p->peers, p->channel.socket);
	return !p->error;
}

// The next call may wait for the peer, or for others: it is tried again later.
static int put_off(struct peer *p)
{
	uint64_t most = p->source.sa.sa_family == AF_UNIX ? RETRY_MOST_UNIX_MS : RETRY_MOST_MS;

	timer_start(&p->retry, p->retry_ms);
	p->retry_ms = MIN(2 * p->retry_ms, most);
	return -EAGAIN;
}

static int send_many(struct peer *p, const struct iovec *datagrams, size_t count)
{
	struct peers *all = p->peers;
	int n = p->error;

	count = send_share_fit(&p->share, p->sink.fd, datagrams, count);
	if (!count && !p->error)
		return put_off(p);
	for (int i = 0; !p->error && i < SEND_TRIES; i++) {
		n = batch_send(all->batch, &p->sink, datagrams, count);
		if (n >= 0 || !is_about_others(p, n))
			break;
	}
	if (p->error)
		return p->error;
	send_share_took(&p->share, datagrams, n);
	if (n == -EAGAIN)
		return put_off(p);
	if (n < 0)
		return n;
	p->retry_ms = RETRY_MS;
	p->sent += (uint64_t)n;
	return n;
}

static int peer_send_many(struct channel *c, const struct iovec *datagrams, size_t count)
{
	struct peer *p = of(c);
	size_t fit = 0;

	if (p->is_mute) {
		p->peers->counts.unanswered += count;
		return (int)count;
	}
	if (p->source.len <= sizeof(sa_family_t))
		return -EDESTADDRREQ;
	while (fit < count && datagrams[fit].iov_len <= p->limit)
		fit++;
	if (fit)
		return send_many(p, datagrams, fit);
	c->lost++;
	return 1;
}

// In as many datagrams as it takes: after a part the sender waits for room, of which nothing tells
// where there has always been some.
static ssize_t peer_send(struct channel *c, const void *buf, size_t len)
{
	struct peer *p = of(c);
	size_t sent = 0;

	do {
		struct iovec d = {(char *)(uintptr_t)buf + sent, MIN(len - sent, p->limit)};
		int n = peer_send_many(c, &d, 1);

		if (n < 0 && sent && n != -EAGAIN)
			put_off(p); // the next call tells
		if (n < 0)
			return sent ? (ssize_t)sent : n;
		sent += d.iov_len;
	} while (sent < len);
	return (ssize_t)sent;
}

// There is nobody to tell.
static int peer_shut(struct channel *c, int how)
{
	of(c)->has_ended |= how == SHUT_RD;
	return 0;
}

// The error of the socket is that of all who send to it, and not taken here.
static int peer_take_error(struct channel *c)
{
	return MIN(readiness(of(c)), 0);
}

static const char *peer_failure(const struct channel *c)
{
	const struct peer *p = container_of(c, struct peer, channel);

	if (p->source.len <= sizeof(sa_family_t))
		return "it has no address to answer to";
	return p->failure.len ? str_c(&p->failure) : NULL;
}

void peer_forget(struct peer *p)
{
	if (list_empty(&p->age))
		return;
	list_remove(&p->link);
	list_remove(&p->age);
	list_remove(&p->failed);
	p->peers->count--;
}

static void peer_fini(struct channel *c)
{
	struct peer *p = of(c);
	struct peers *all = p->peers;

	peer_forget(p);
	for (unsigned i = 0; i < all->piece_count; i++)
		if (all->owners[i] == p)
			all->owners[i] = NULL;
	all->waiting -= fifo_len(&p->waiting);
	fifo_fini(&p->waiting);
	timer_fini(&p->retry);
	str_fini(&p->failure);
}

static const struct channel_ops peer_ops = {.name = "datagrams of a peer",
	.recv = peer_recv,
	.send = peer_send,
	.shut = peer_shut,
	.fini = peer_fini,
	.failure = peer_failure,
	.take_error = peer_take_error,
	.recv_many = peer_recv_many,
	.send_many = peer_send_many};

static void init_channel(struct channel *c, uv_loop_t *loop, int fd, int family)
{
	channel_init_member(c, &peer_ops);
	c->watch.loop = loop;
	c->socket = c->in = c->out = fd; // whose owner closes it
	c->rd = c->wr = &c->watch; // which nobody watches but us
	c->rd_info = c->wr_info = fd_info_of_socket(family, SOCK_DGRAM);
}

struct peer *peer_create(
	struct peers *all, const struct listener_socket *s, const struct received *m)
{
	struct peer *p = xcalloc(1, sizeof(*p));
	int family = m->source->sa.sa_family;

	init_channel(&p->channel, all->options.loop, s->fd, family);
	p->peers = all;
	p->source = *m->source;
	p->from = m->reply_from;
	p->limit = dgram_limit(s->fd, family);
	p->is_mute = is_reflection(&p->source, &s->local);
	p->sink = (struct batch_sink){.fd = s->fd,
		.segment_max = batch_segment_max(s->fd, family),
		.to = &p->source,
		.from = p->from.len ? &p->from : NULL};
	list_append(peer_bucket(all, &p->source), &p->link);
	list_append(&all->by_age, &p->age);
	list_init(&p->failed);
	send_share_init(&p->share, s->fd, family);
	timer_init(&p->retry, all->options.loop, on_retry, p);
	p->retry_ms = RETRY_MS;
	all->count++;
	return p;
}
