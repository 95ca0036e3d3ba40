// SPDX-License-Identifier: ISC
#include "net/dgram/batch.h"

#include "base/mem.h"
#include "base/util.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>

#define ROOM ((size_t)256 << 10) // more than a send buffer of the Unix domain lets pass as a rule
#define ITEMS ((size_t)SENDER_MESSAGES * SENDER_SEGMENTS)

struct batch {
	unsigned users;
	struct receiver receiver;
	struct sender sender;
	struct send_item items[ITEMS];
};

static _Thread_local struct batch *shared;

struct batch *batch_take(void)
{
	if (!shared) {
		shared = xcalloc(1, sizeof(*shared));
		receiver_init(&shared->receiver, ROOM, RECEIVER_MESSAGES);
		sender_init(&shared->sender, -1, false, 0);
	}
	shared->users++;
	return shared;
}

void batch_release(void)
{
	assert(shared && shared->users);
	if (--shared->users)
		return;
	receiver_fini(&shared->receiver);
	sender_fini(&shared->sender);
	free(shared);
	shared = NULL;
}

size_t batch_split(const struct received *m, struct iovec *datagrams)
{
	size_t count = 0;
	size_t at = 0;

	do {
		assert(count < BATCH_SEGMENTS);
		datagrams[count++] = (struct iovec){
			(char *)(uintptr_t)m->data + at, MIN(m->len - at, m->segment)};
		at += m->segment;
	} while (at < m->len);
	return count;
}

int batch_receive(struct batch *b, int fd, int flags, struct iovec *datagrams, size_t most)
{
	struct received m;
	size_t count = 0;
	int n;

	assert(most >= BATCH_SEGMENTS);
	n = receiver_read(&b->receiver, fd, flags, most / BATCH_SEGMENTS);
	for (int i = 0; i < n; i++) {
		receiver_get(&b->receiver, (unsigned)i, &m);
		if (m.real_len > m.len)
			return -EMSGSIZE;
		count += batch_split(&m, datagrams + count);
	}
	return n < 0 ? n : (int)count;
}

bool batch_has_more(const struct batch *b)
{
	return b->receiver.is_full;
}

int batch_send(
	struct batch *b, struct batch_sink *sink, const struct iovec *datagrams, size_t count)
{
	int n;

	count = MIN(count, ITEMS);
	for (size_t i = 0; i < count; i++)
		b->items[i] = (struct send_item){
			.data = datagrams[i], .to = sink->to, .from = sink->from};
	b->sender.fd = sink->fd;
	b->sender.flags = sink->flags;
	b->sender.segment_max = sink->segment_max;
	n = sender_send(&b->sender, b->items, count);
	sink->segment_max = b->sender.segment_max;
	return n == -ENOBUFS ? -EAGAIN : n;
}

size_t batch_segment_max(int fd, int family)
{
	return family == AF_UNIX ? 0 : sender_segment_max(fd);
}
