// SPDX-License-Identifier: ISC
// Receiving datagrams many at a time: recvmmsg(), and UDP_GRO where the kernel has it, which puts
// datagrams of one sender and one length into one buffer.
#ifndef SOCKCTL_NET_DGRAM_RECEIVER_H
#define SOCKCTL_NET_DGRAM_RECEIVER_H

#include "base/sockaddr.h"
#include "net/loan.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#define RECEIVER_MESSAGES 64
#define RECEIVER_SHORTAGE_MS UINT64_C(100) // until a system without memory is asked again

// What a socket is asked to tell with each datagram.
enum receiver_detail {
	RECEIVER_TIME = 1, // when the kernel got it
	RECEIVER_DESTINATION = 2, // which address it was sent to
	RECEIVER_HOPS = 4, // its TTL or hop limit
};

// Prepares a datagram or raw socket: a large buffer and the details. GRO asks for UDP_GRO; returns
// true if the kernel has it. What else a kernel lacks is left out.
bool receiver_prepare(int fd, unsigned details, bool gro);

// The same for one that was inherited, of which others must not notice anything: the details only,
// as long as LOAN stands.
void receiver_prepare_inherited(struct loan *loan, unsigned details);

// The datagrams that the kernel has dropped for lack of room since the socket was made, as it
// counts them in /proc/net/udp. False if it does not tell. Asked for by SO_MEMINFO, for SO_RXQ_OVFL
// comes with datagrams, and so never tells of what was dropped after the last one that was
// received.
bool receiver_drops(int fd, uint32_t *drops);

// True if another owner has shut the socket down: nothing will ever be received, and it is ready
// without end.
bool receiver_is_shut(int fd);

// The bytes that the kernel keeps for the socket until we receive them, its own overhead included.
size_t receiver_buffer(int fd);

// What arrived in one piece: one datagram, or several of one sender.
struct received {
	const char *data;
	size_t len;
	size_t real_len; // more than len if the buffer was too small
	size_t segment; // length of each datagram in it but the last; len for a single one
	const struct sockaddr_any *source; // len 0 for a sender without a name
	struct sockaddr_any destination; // len 0 if not told; as are the others
	struct sockaddr_any reply_from; // the address of ours that an answer should come from
	uint64_t time; // ns since 1970
	int hops; // or -1
};

// Buffers for the pieces that one call can bring.
struct receiver {
	unsigned capacity; // pieces
	size_t room; // for each
	unsigned wanted; // pieces of the next call: fewer where the last ones were large
	unsigned count; // pieces that the last call brought
	bool is_full; // it brought as many as were wanted: more may be there
	char *data;
	struct mmsghdr *messages;
	struct iovec *pieces;
	struct sockaddr_any *sources;
	char *control;
};

// MOST is how many pieces one call shall bring at most, ROOM the bytes for each.
void receiver_init(struct receiver *r, size_t room, size_t most);
void receiver_fini(struct receiver *r);

// Receives what is there, at most so many pieces, without waiting. Returns how many pieces,
// -EAGAIN, or another negative errno. Their data stay until the next call.
int receiver_read(struct receiver *r, int fd, int flags, uint64_t most);

// The same for one datagram without details, by recvfrom(2), or by recv(2) from the peer that the
// socket is connected to, if that is not NULL.
int receiver_read_one(
	struct receiver *r, int fd, int flags, const struct sockaddr_any *connected_to);

// Describes piece I of the last call.
void receiver_get(const struct receiver *r, unsigned i, struct received *m);

#endif
