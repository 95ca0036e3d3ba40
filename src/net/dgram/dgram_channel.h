// SPDX-License-Identifier: ISC
// The channel of a connected datagram socket. What one call sends is one datagram, of as many bytes
// as fit; what one receives, too. Nothing that comes ends it: an empty datagram is data.
#ifndef SOCKCTL_NET_DGRAM_DGRAM_CHANNEL_H
#define SOCKCTL_NET_DGRAM_DGRAM_CHANNEL_H

#include "io/channel.h"
#include "net/attempt.h"
#include "net/dgram/fallback.h"

#include <stdint.h>
#include <uv.h>

// On the heap, for channel_destroy(). FD, of FAMILY, was made here. ICMP messages that come back
// are errors, with who sent them in channel_failure().
struct channel *dgram_channel_create(uv_loop_t *loop, int fd, int family);

// The same for a connected socket that was inherited, and keeps its options.
struct channel *dgram_channel_adopt(uv_loop_t *loop, int fd, int family);

// Other addresses that may take the place of the one that a channel is connected to.
struct dgram_others {
	struct sockaddr_any at;
	struct address_list rest; // taken over
	struct attempt_options socket; // how each is connected to; what it points to stays there
	struct fallback_listener listener;
};

// While nothing has come from AT, a refusal of what was sent moves the channel, which was made
// here, to the next of the others (net/dgram/fallback.h).
void dgram_channel_fall_back(struct channel *c, const struct dgram_others *others);

// Whether the channel may make sockets still, to move.
bool dgram_channel_may_move(const struct channel *c);

// Once shut(SHUT_WR) has said that nothing more will be sent, the channel ends after MS. Without
// this it goes on.
void dgram_channel_end_after(struct channel *c, uint64_t ms);

#endif
