// SPDX-License-Identifier: ISC
// The stream side of the echo client: requests and answers on one connection, however they are cut.
#include "net/echo/client_peer.h"

#include "base/util.h"
#include "sys/socket.h"
#include "sys/trace.h"

#include <errno.h>

// Checks LEN bytes that have come, which may be parts of several requests, and settles those that
// are complete.
static void take_stream(struct echo_peer *peer, const char *data, size_t len)
{
	const struct echo_payload *payload = &peer->echo_client->payload;
	uint64_t now = trace_now();
	uint64_t number = peer->base + peer->read / payload->size;
	size_t offset = (size_t)(peer->read % payload->size);

	peer->heard = now;
	while (len) {
		size_t n = MIN(len, payload->size - offset);

		if (!echo_payload_matches(payload, peer->index, number, offset, data, n))
			peer->differs = true;
		peer->read += n;
		data += n;
		len -= n;
		if (offset + n == payload->size)
			echo_peer_settle(peer, number++,
				peer->differs ? ECHO_CLIENT_DIFFERS : ECHO_CLIENT_ANSWERED, now);
		offset = 0;
	}
}

static void receive_stream(struct echo_peer *peer)
{
	struct echo_client *p = peer->echo_client;
	ssize_t n = sys_recv(peer->fd, p->in, ECHO_CLIENT_ROOM, MSG_DONTWAIT);
	uint64_t expected = peer->written - peer->read;

	if (n == -EAGAIN || n == -EINTR)
		return;
	if (n <= 0) {
		echo_peer_fail(peer, ECHO_CLIENT_BROKEN, (int)n);
		return;
	}
	if (p->events->on_bytes)
		p->events->on_bytes(p->data, p->in, (size_t)n);
	take_stream(peer, p->in, MIN((size_t)n, (size_t)expected));
	if ((size_t)n > expected) {
		echo_peer_count_wrong(peer, peer->next);
		peer->differs = true;
	}
	// A stream that is wrong once is never right again. A text is shown to its end.
	if (peer->differs && (!p->payload.is_text || !peer->under_way))
		echo_peer_fail(peer, ECHO_CLIENT_WRONG, 0);
}

// Makes the bytes of the stream from POSITION on. Returns how many: up to ECHO_CLIENT_ROOM.
static size_t make_stream(struct echo_peer *peer, uint64_t position, uint64_t end)
{
	const struct echo_payload *payload = &peer->echo_client->payload;
	char *out = peer->echo_client->out;
	uint64_t number = peer->base + position / payload->size;
	size_t offset = (size_t)(position % payload->size);
	size_t most = (size_t)MIN(end - position, (uint64_t)ECHO_CLIENT_ROOM);
	size_t made = 0;

	while (made < most) {
		size_t n = MIN(payload->size - offset, most - made);

		echo_payload_write(payload, peer->index, number++, offset, out + made, n);
		made += n;
		offset = 0;
	}
	return made;
}

static int send_stream(struct echo_peer *peer)
{
	uint64_t end = (peer->next - peer->base) * peer->echo_client->payload.size;

	while (peer->written < end) {
		size_t len = make_stream(peer, peer->written, end);
		ssize_t n = sys_send(
			peer->fd, peer->echo_client->out, len, MSG_DONTWAIT | MSG_NOSIGNAL);

		if (n < 0 && n != -EINTR)
			return (int)n;
		peer->written += (uint64_t)MAX(n, 0);
	}
	return 0;
}

const struct echo_peer_kind echo_peer_stream = {send_stream, receive_stream};
