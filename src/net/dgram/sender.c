// SPDX-License-Identifier: ISC
#include "net/dgram/sender.h"

#include "base/mem.h"
#include "base/util.h"
#include "sys/message.h"
#include "sys/socket.h"

#include <assert.h>
#include <errno.h>
#include <netinet/udp.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define MESSAGE_MAX 65000 // bytes in one message with segments: an IP packet with its headers
#define CONTROL_ROOM (CMSG_SPACE(sizeof(uint16_t)) + CMSG_SPACE(sizeof(struct in6_pktinfo)))

size_t sender_segment_max(int fd)
{
	int set = 0;
	socklen_t len = sizeof(set);

	// Who has set it, by --set or before we inherited the socket, has every message split so.
	if (sys_getsockopt(fd, SOL_UDP, UDP_SEGMENT, &set, &len) < 0 || set)
		return 0;
	return MESSAGE_MAX / 2;
}

void sender_init(struct sender *s, int fd, bool segment, int flags)
{
	memset(s, 0, sizeof(*s));
	s->fd = fd;
	s->flags = flags;
	s->control = xcalloc(SENDER_MESSAGES, CONTROL_ROOM);
	if (segment && !flags)
		s->segment_max = sender_segment_max(fd);
}

void sender_fini(struct sender *s)
{
	free(s->control);
	s->control = NULL;
}

static void add_control(struct msghdr *h, int level, int type, const void *data, size_t len)
{
	struct cmsghdr *c = (void *)((char *)h->msg_control + h->msg_controllen);

	c->cmsg_level = level;
	c->cmsg_type = type;
	c->cmsg_len = CMSG_LEN(len);
	memcpy(CMSG_DATA(c), data, len);
	h->msg_controllen += CMSG_SPACE(len);
}

static void add_source(struct msghdr *h, const struct sockaddr_any *from)
{
	struct in_pktinfo info = {0};
	struct in6_pktinfo info6 = {0};

	if (from->sa.sa_family == AF_INET) {
		info.ipi_spec_dst = from->in.sin_addr;
		add_control(h, IPPROTO_IP, IP_PKTINFO, &info, sizeof(info));
	} else if (from->sa.sa_family == AF_INET6) {
		info6.ipi6_addr = from->in6.sin6_addr;
		info6.ipi6_ifindex = (unsigned)from->in6.sin6_scope_id;
		add_control(h, IPPROTO_IPV6, IPV6_PKTINFO, &info6, sizeof(info6));
	}
}

// How many of the datagrams can be the segments of one message: those of the first one's length,
// and then one that is shorter.
static size_t count_segments(const struct sender *s, const struct send_item *d, size_t count)
{
	size_t len = d->data.iov_len;
	size_t n = 1;

	if (len == 0 || len > s->segment_max)
		return 1;
	count = MIN(count, MIN((size_t)SENDER_SEGMENTS, MESSAGE_MAX / len));
	while (n < count && d[n].to == d->to && d[n].from == d->from && d[n].data.iov_len == len)
		n++;
	if (n < count && d[n].to == d->to && d[n].from == d->from && d[n].data.iov_len > 0 &&
		d[n].data.iov_len < len)
		n++;
	return n;
}

// What lies side by side in memory becomes one piece.
static size_t set_pieces(struct iovec *pieces, const struct send_item *d, size_t count)
{
	size_t n = 0;

	for (size_t i = 0; i < count; i++) {
		struct iovec *last = n ? &pieces[n - 1] : NULL;

		if (last && (char *)last->iov_base + last->iov_len == d[i].data.iov_base)
			last->iov_len += d[i].data.iov_len;
		else
			pieces[n++] = d[i].data;
	}
	return n;
}

// Adds one message. Returns how many datagrams it holds.
static size_t add_message(struct sender *s, const struct send_item *d, size_t count)
{
	size_t segments = count_segments(s, d, count);
	struct iovec *pieces = &s->pieces[s->count * SENDER_SEGMENTS];
	struct msghdr *h = &s->messages[s->count].msg_hdr;
	uint16_t len = (uint16_t)d->data.iov_len;

	*h = (struct msghdr){.msg_iov = pieces, .msg_iovlen = set_pieces(pieces, d, segments)};
	if (d->to) {
		h->msg_name = (void *)&d->to->storage;
		h->msg_namelen = d->to->len;
	}
	h->msg_control = s->control + s->count * CONTROL_ROOM;
	if (segments > 1)
		add_control(h, SOL_UDP, UDP_SEGMENT, &len, sizeof(len));
	if (d->from && d->from->len)
		add_source(h, d->from);
	s->counts[s->count++] = segments;
	return segments;
}

// Segments need a device that can tell them apart, room for one in its packets, and checksums.
static bool is_segment_trouble(int error)
{
	return error == -EINVAL || error == -EIO || error == -EMSGSIZE || error == -EOPNOTSUPP ||
	       error == -ENOPROTOOPT;
}

static int send_one(struct sender *s, const struct send_item *d)
{
	int flags = s->flags | MSG_DONTWAIT | MSG_NOSIGNAL;
	ssize_t n;

	if (d->to)
		n = sys_sendto(
			s->fd, d->data.iov_base, d->data.iov_len, flags, &d->to->sa, d->to->len);
	else
		n = sys_send(s->fd, d->data.iov_base, d->data.iov_len, flags);
	return n < 0 ? (int)n : 1;
}

static int send_messages(struct sender *s, const struct send_item *first)
{
	if (s->count == 1 && s->counts[0] == 1 && !s->messages[0].msg_hdr.msg_controllen)
		return send_one(s, first);
	return sys_sendmmsg(s->fd, s->messages, s->count, s->flags | MSG_DONTWAIT | MSG_NOSIGNAL);
}

int sender_send(struct sender *s, const struct send_item *datagrams, size_t count)
{
	assert(count > 0);
	for (;;) {
		size_t filled = 0;
		int sent = 0;

		s->count = 0;
		while (filled < count && s->count < SENDER_MESSAGES)
			filled += add_message(s, datagrams + filled, count - filled);

		int n = send_messages(s, datagrams);

		if (n < 0 && s->counts[0] > 1 && is_segment_trouble(n)) {
			s->segment_max = datagrams->data.iov_len - 1; // shorter ones may still work
			continue;
		}
		if (n == -EINTR)
			continue;
		for (int i = 0; i < n; i++)
			sent += (int)s->counts[i];
		return n < 0 ? n : sent;
	}
}

int sender_flush(struct sender *s, const struct sockaddr_any *to)
{
	struct send_item nothing = {.data = {(void *)"", 0}, .to = to};
	int flags = s->flags;
	int r;

	if (!(flags & MSG_MORE))
		return 0;
	s->flags &= ~MSG_MORE;
	r = send_one(s, &nothing);
	s->flags = flags;
	return r < 0 ? r : 0;
}
