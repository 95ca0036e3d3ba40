// SPDX-License-Identifier: ISC
// The channel of a TLS connection, over that of its socket.
#ifndef SOCKCTL_TLS_CHANNEL_H
#define SOCKCTL_TLS_CHANNEL_H

#include "io/channel.h"
#include "tls/tls.h"

// Takes over BELOW and T, whose handshake is done.
struct channel *channel_create_tls(struct channel *below, struct tls *t);

// The connection of a channel that was made by channel_create_tls(); NULL for another kind.
struct tls *channel_tls(const struct channel *c);

#endif
