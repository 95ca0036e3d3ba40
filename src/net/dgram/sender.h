// SPDX-License-Identifier: ISC
// Sending datagrams many at a time: sendmmsg(), and UDP_SEGMENT where the kernel has it, by which
// datagrams of one length pass through the kernel as one.
#ifndef SOCKCTL_NET_DGRAM_SENDER_H
#define SOCKCTL_NET_DGRAM_SENDER_H

#include "base/sockaddr.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/uio.h>

#define SENDER_MESSAGES 64 // of one call
#define SENDER_SEGMENTS 64 // datagrams in one message (UDP_MAX_SEGMENTS of older kernels)

struct send_item {
	struct iovec data;
	const struct sockaddr_any *to; // NULL on a connected socket
	const struct sockaddr_any *from; // address of ours to send from; NULL: any
};

struct sender {
	int fd;
	int flags; // MSG_* for each call, beside what is always there
	size_t segment_max; // the longest segments that work here; 0: none do
	struct mmsghdr messages[SENDER_MESSAGES];
	struct iovec pieces[SENDER_MESSAGES * SENDER_SEGMENTS];
	size_t counts[SENDER_MESSAGES]; // datagrams in each message
	unsigned count;
	char *control;
};

// SEGMENT says whether UDP_SEGMENT may be used, if the kernel has it.
void sender_init(struct sender *s, int fd, bool segment, int flags);
void sender_fini(struct sender *s);

// The longest segments that may work on FD, or 0 where its owner splits every message alike, or the
// kernel has none.
size_t sender_segment_max(int fd);

// Sends the first of COUNT datagrams by one call. Returns how many went, at least one; or the
// negative errno that the first of them met: -EAGAIN and -ENOBUFS mean later.
int sender_send(struct sender *s, const struct send_item *datagrams, size_t count);

// After the last datagram to TO, NULL on a connected socket: what MSG_MORE has kept back goes now.
// Returns 0 or a negative errno.
int sender_flush(struct sender *s, const struct sockaddr_any *to);

#endif
