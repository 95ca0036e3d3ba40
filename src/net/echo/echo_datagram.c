// SPDX-License-Identifier: ISC
#include "net/echo/echo_datagram.h"

#include "base/mem.h"
#include "base/util.h"
#include "net/dgram/receiver.h"
#include "net/dgram/reflection.h"
#include "sys/message.h"
#include "sys/socket.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define BATCH 64 // datagrams per call
#define MAX_TURNS 16 // before connections get theirs
#define INET_ROOM (64 << 10) // as large as a datagram can be
#define UNIX_ROOM (256 << 10) // as large as the usual send buffer lets it be
#define RECEIVE_BUFFER (4 << 20) // for what comes while others are answered

// What one call has received, and goes back from the same place. Memory that no datagram has
// reached is never used.
struct echo_batch {
	unsigned used; // of what follows by the last call
	unsigned count; // of them, those that get an answer
	unsigned done; // and of those, sent back
	size_t room;
	char *data;
	struct mmsghdr messages[BATCH];
	struct iovec pieces[BATCH];
	struct sockaddr_any sources[BATCH];
	_Alignas(struct cmsghdr) char control[BATCH][CMSG_SPACE(sizeof(struct in6_pktinfo))];
};

void echo_datagrams_make_room(int fd)
{
	sys_setsockopt_int(fd, SOL_SOCKET, SO_RCVBUF, RECEIVE_BUFFER);
}

// What a datagram socket needs to answer from the address that was asked.
static void prepare(struct echo_datagrams *e, const struct sockaddr_any *local)
{
	loan_init(&e->loan, e->fd);
	if (local->sa.sa_family == AF_INET6 && sockaddr_is_wildcard(local))
		loan_set(&e->loan, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1);
	else if (local->sa.sa_family == AF_INET && sockaddr_is_wildcard(local))
		loan_set(&e->loan, IPPROTO_IP, IP_PKTINFO, 1);
}

// Makes room for datagrams; the last ones have left their lengths everywhere.
static void clear_batch(struct echo_batch *b)
{
	for (unsigned i = 0; i < b->used; i++) {
		b->pieces[i] = (struct iovec){b->data + i * b->room, b->room};
		b->messages[i].msg_hdr = (struct msghdr){.msg_name = &b->sources[i].storage,
			.msg_namelen = sizeof(b->sources[i].storage),
			.msg_iov = &b->pieces[i],
			.msg_iovlen = 1,
			.msg_control = b->control[i],
			.msg_controllen = sizeof(b->control[i])};
	}
	b->used = b->count = b->done = 0;
}

static struct echo_batch *new_batch(size_t room)
{
	struct echo_batch *b = xcalloc(1, sizeof(*b));

	b->room = room;
	b->data = xmalloc(BATCH * room);
	b->used = BATCH;
	clear_batch(b);
	return b;
}

static bool is_answered(struct echo_datagrams *e, const struct sockaddr_any *source)
{
	if (source->len <= offsetof(struct sockaddr, sa_data))
		return false; // a Unix socket without a name
	if (is_reflection(source, &e->local))
		return false;
	return !e->may_send || e->may_send(e->data, source);
}

// The answer leaves from the address that was asked, by whatever way leads to the sender. It takes
// nothing else along, such as the numbers of descriptors that came with what was received.
static void turn_control(struct msghdr *h)
{
	struct cmsghdr *c = CMSG_FIRSTHDR(h);

	if (c && c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO) {
		struct in_pktinfo *info = (void *)CMSG_DATA(c);

		info->ipi_ifindex = 0;
	} else if (c && c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_PKTINFO) {
		struct in6_pktinfo *info = (void *)CMSG_DATA(c);

		if (!IN6_IS_ADDR_LINKLOCAL(&info->ipi6_addr))
			info->ipi6_ifindex = 0;
	} else {
		h->msg_controllen = 0;
	}
}

// Turns what was received into answers, without moving it.
static void turn_batch(struct echo_datagrams *e)
{
	struct echo_batch *b = e->batch;

	for (unsigned i = 0; i < b->used; i++) {
		struct mmsghdr *m = &b->messages[i];

		e->counts.received++;
		e->counts.received_bytes += m->msg_len;
		if (m->msg_hdr.msg_flags & MSG_TRUNC) {
			e->counts.truncated++;
			continue;
		}
		b->sources[i].len = m->msg_hdr.msg_namelen;
		if (!is_answered(e, &b->sources[i])) {
			e->counts.refused++;
			continue;
		}
		m->msg_hdr.msg_iov->iov_len = m->msg_len;
		m->msg_hdr.msg_flags = 0;
		turn_control(&m->msg_hdr);
		if (b->count != i)
			b->messages[b->count] = *m;
		b->count++;
	}
}

static void count_sent(struct echo_datagrams *e, unsigned n)
{
	struct echo_batch *b = e->batch;

	e->counts.sent += n;
	for (unsigned i = 0; i < n; i++)
		e->counts.sent_bytes += b->messages[b->done++].msg_len;
}

// The first of those that are left cannot be sent. If it asks to come from an address, that may be
// none to send from, such as one of a group: then the kernel is to choose.
static void skip_one(struct echo_datagrams *e)
{
	struct msghdr *h = &e->batch->messages[e->batch->done].msg_hdr;

	if (h->msg_controllen) {
		h->msg_controllen = 0;
	} else {
		e->counts.failed++;
		e->batch->done++;
	}
}

// What cannot be sent for want of room waits, and so does what arrives meanwhile. Returns false in
// that case.
static bool send_batch(struct echo_datagrams *e)
{
	struct echo_batch *b = e->batch;

	while (b->done < b->count) {
		int n = sys_sendmmsg(
			e->fd, b->messages + b->done, b->count - b->done, MSG_DONTWAIT);

		if (n == -EAGAIN) {
			watch_want(&e->watch, WATCH_WRITE);
			return false;
		}
		if (n > 0)
			count_sent(e, (unsigned)n);
		else if (n != -EINTR)
			skip_one(e);
	}
	clear_batch(b);
	watch_want(&e->watch, WATCH_READ);
	return true;
}

static void on_short(void *data, int error)
{
	struct echo_datagrams *e = data;

	if (e->on_short)
		e->on_short(e->data, error);
}

// Answers what is there. Returns how many datagrams that were, or 0 if there is nothing more to do
// for now.
static unsigned turn(struct echo_datagrams *e)
{
	struct echo_batch *b = e->batch;
	int n = sys_recvmmsg(e->fd, b->messages, BATCH, MSG_DONTWAIT);

	rest_note(&e->rest, n);
	if (n <= 0)
		return 0; // also the error of an answer sent before, which asking has cleared
	b->used = (unsigned)n;
	turn_batch(e);
	return send_batch(e) ? (unsigned)n : 0;
}

// Where several have come at once, more have come while they were answered.
static void on_event(struct watch *w, unsigned events)
{
	struct echo_datagrams *e = w->data;

	(void)events;
	if (e->batch->used && !send_batch(e))
		return;
	for (int i = 0; i < MAX_TURNS; i++)
		if (turn(e) <= 1)
			return;
}

int echo_datagrams_init(struct echo_datagrams *e, uv_loop_t *loop, int fd, bool is_inherited,
	const struct sockaddr_any *local)
{
	int r;

	*e = (struct echo_datagrams){.fd = fd, .local = *local};
	prepare(e, local);
	r = watch_init(&e->watch, loop, fd, WATCH_DATAGRAM | (is_inherited ? WATCH_SHARED : 0),
		on_event, e);
	if (r < 0)
		return r;
	rest_init(&e->rest, loop, &e->watch, is_inherited, on_short, e);
	e->batch = new_batch(local->sa.sa_family == AF_UNIX ? UNIX_ROOM : INET_ROOM);
	watch_want(&e->watch, WATCH_READ);
	return 0;
}

void echo_datagrams_fini(struct echo_datagrams *e)
{
	uint32_t dropped;

	if (!e->batch)
		return;
	if (receiver_drops(e->fd, &dropped))
		e->counts.dropped = dropped;
	e->counts.failed += e->batch->count - e->batch->done;
	watch_fini(&e->watch);
	loan_end(&e->loan);
	rest_fini(&e->rest);
	free(e->batch->data);
	free(e->batch);
	e->batch = NULL;
}

void echo_datagram_counts_add(
	struct echo_datagram_counts *sum, const struct echo_datagram_counts *c)
{
	sum->received += c->received;
	sum->received_bytes += c->received_bytes;
	sum->sent += c->sent;
	sum->sent_bytes += c->sent_bytes;
	sum->refused += c->refused;
	sum->truncated += c->truncated;
	sum->failed += c->failed;
	sum->dropped += c->dropped;
}
