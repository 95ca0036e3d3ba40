// SPDX-License-Identifier: ISC
// The datagram side of the echo client: requests sent and answers received many at a time.
#include "net/echo/client_peer.h"

#include "base/mem.h"
#include "base/util.h"
#include "sys/message.h"
#include "sys/trace.h"

#include <errno.h>
#include <stdlib.h>

#define BATCH 64u
#define ANY_SIZE (64u << 10) // of an answer to a text

// The lowest number that an answer may have: what is older is forgotten.
static uint64_t lowest_known(const struct echo_peer *peer)
{
	// With less than two bytes there are fewer numbers than there may be requests.
	if (peer->echo_client->payload.size < 2 || peer->echo_client->payload.is_text)
		return peer->first;
	return peer->next > peer->capacity ? peer->next - peer->capacity : 0;
}

// The request that an answer without a number of ours was meant for, as what follows the number
// tells, or the next one if that is no request's.
static uint64_t owner_of(const struct echo_peer *peer, const char *data, size_t len)
{
	const struct echo_payload *payload = &peer->echo_client->payload;

	for (uint64_t n = lowest_known(peer); n < peer->next && len > ECHO_PAYLOAD_HEADER; n++)
		if (echo_payload_matches(payload, peer->index, n, ECHO_PAYLOAD_HEADER,
			    data + ECHO_PAYLOAD_HEADER, len - ECHO_PAYLOAD_HEADER))
			return n;
	return peer->next;
}

static void take_datagram(struct echo_peer *peer, const char *data, size_t len, uint64_t now)
{
	const struct echo_payload *payload = &peer->echo_client->payload;
	uint64_t number = peer->next;

	if (len == payload->size)
		number = echo_payload_number(payload, data, lowest_known(peer));
	else if (peer->under_way)
		number = peer->first; // the first that waits has got this
	if (number >= peer->next) {
		echo_peer_count_wrong(
			peer, len == payload->size ? owner_of(peer, data, len) : peer->next);
	} else if (len != payload->size ||
		   !echo_payload_matches(payload, peer->index, number, 0, data, len)) {
		echo_peer_settle(peer, number, ECHO_CLIENT_DIFFERS, now);
	} else if (echo_peer_request_at(peer, number)->state == REQUEST_SETTLED) {
		echo_peer_settle(peer, number, ECHO_CLIENT_DUPLICATED, now);
	} else {
		if (number + 1 < peer->newest)
			peer->echo_client->counts.out_of_order++;
		peer->newest = MAX(peer->newest, number + 1);
		echo_peer_settle(peer, number, ECHO_CLIENT_ANSWERED, now);
	}
}

// Datagrams that one call sends or receives, each in its slice of a buffer. What is received has
// one byte more room than it may need, which tells what is too long.
struct batch {
	size_t room;
	char *data;
	struct mmsghdr messages[BATCH];
	struct iovec pieces[BATCH];
};

struct echo_client_datagrams {
	struct batch in, out;
};

static void init_batch(struct batch *b, size_t room)
{
	b->room = MAX(room, (size_t)1);
	b->data = xmalloc(BATCH * b->room);
	for (unsigned i = 0; i < BATCH; i++) {
		b->pieces[i] = (struct iovec){b->data + i * b->room, room};
		b->messages[i].msg_hdr = (struct msghdr){.msg_iov = &b->pieces[i], .msg_iovlen = 1};
	}
}

struct echo_client_datagrams *echo_client_datagrams_create(const struct echo_payload *payload)
{
	struct echo_client_datagrams *d = xcalloc(1, sizeof(*d));

	init_batch(&d->out, payload->size);
	init_batch(&d->in, payload->is_text ? ANY_SIZE : payload->size + 1);
	return d;
}

void echo_client_datagrams_destroy(struct echo_client_datagrams *d)
{
	if (!d)
		return;
	free(d->in.data);
	free(d->out.data);
	free(d);
}

static void receive_datagrams(struct echo_peer *peer)
{
	struct echo_client *p = peer->echo_client;
	struct batch *b = &p->datagrams->in;
	unsigned most = MIN(peer->under_way + 1, BATCH);
	int n = sys_recvmmsg(peer->fd, b->messages, most, MSG_DONTWAIT);
	uint64_t now = trace_now();

	if (n == -EAGAIN || n == -EINTR)
		return;
	if (n < 0) {
		echo_peer_unreachable(peer, n);
		return;
	}
	for (int i = 0; i < n; i++) {
		const char *data = b->pieces[i].iov_base;
		size_t len = b->messages[i].msg_len;

		if (p->events->on_bytes)
			p->events->on_bytes(p->data, data, len);
		take_datagram(peer, data, len, now);
	}
}

static int send_datagrams(struct echo_peer *peer)
{
	const struct echo_payload *payload = &peer->echo_client->payload;
	struct batch *b = &peer->echo_client->datagrams->out;

	while (peer->written < peer->next) {
		unsigned count = (unsigned)MIN(peer->next - peer->written, (uint64_t)BATCH);
		int n;

		for (unsigned i = 0; i < count; i++)
			echo_payload_write(payload, peer->index, peer->written + i, 0,
				b->pieces[i].iov_base, payload->size);
		n = sys_sendmmsg(peer->fd, b->messages, count, MSG_DONTWAIT | MSG_NOSIGNAL);
		if (n < 0 && n != -EINTR)
			return n;
		peer->written += (uint64_t)MAX(n, 0);
	}
	return 0;
}

const struct echo_peer_kind echo_peer_datagrams = {send_datagrams, receive_datagrams};
