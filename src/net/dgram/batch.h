// SPDX-License-Identifier: ISC
// What all datagram channels of a thread share: buffers to receive many at a time, and to send
// many. Each uses them for one call, and so thousands of channels cost little.
#ifndef SOCKCTL_NET_DGRAM_BATCH_H
#define SOCKCTL_NET_DGRAM_BATCH_H

#include "net/dgram/receiver.h"
#include "net/dgram/sender.h"

#include <sys/uio.h>

struct batch;

// Users are counted: the last release frees it.
struct batch *batch_take(void);
void batch_release(void);

// Receives from FD until the buffers are full or DATAGRAMS are, and says where each is. Returns how
// many, -EAGAIN, or another negative errno.
int batch_receive(struct batch *b, int fd, int flags, struct iovec *datagrams, size_t most);

// Whether the last call for a socket may have left something there.
bool batch_has_more(const struct batch *b);

// Puts the datagrams of a piece into DATAGRAMS, which has room for BATCH_SEGMENTS. Returns how many
// there were.
#define BATCH_SEGMENTS 128 // that the kernel puts into one piece at most (UDP_MAX_SEGMENTS)
size_t batch_split(const struct received *m, struct iovec *datagrams);

// A socket that datagrams are sent by.
struct batch_sink {
	int fd;
	int flags; // MSG_*
	size_t segment_max; // batch_segment_max() at first
	const struct sockaddr_any *to, *from; // as in struct send_item
};

// Sends the first of COUNT by one call. Returns as sender_send() does.
int batch_send(
	struct batch *b, struct batch_sink *sink, const struct iovec *datagrams, size_t count);

// The longest datagrams that UDP_SEGMENT may put together on the socket, or 0.
size_t batch_segment_max(int fd, int family);

#endif
