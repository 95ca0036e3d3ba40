// SPDX-License-Identifier: ISC
// The channel of a TLS connection, over that of its socket.
#ifndef SOCKCTL_TLS_CHANNEL_H
#define SOCKCTL_TLS_CHANNEL_H

#include "io/channel.h"
#include "tls/tls.h"

// Takes over BELOW and T, whose handshake is done.
struct channel *channel_create_tls(struct channel *below, struct tls *t);

// Where TLS is spoken, if not with the peer over a connection to it: a set of these.
enum tls_place {
	TLS_WITH_PROXY = 1, // what it says is not about the peer
	TLS_THROUGH_PROXY = 2, // which may end both directions at the end of one: the end of what
			       // is sent is close_notify alone
};

void channel_tls_set_place(struct channel *c, unsigned place);

// The connection of a channel that was made by channel_create_tls(); NULL for another kind, and
// where TLS ends at a proxy.
struct tls *channel_tls(const struct channel *c);

// True for a channel that was made by channel_create_tls(), wherever TLS ends: what goes past it on
// the socket is not for the peer.
bool channel_is_tls(const struct channel *c);

#endif
