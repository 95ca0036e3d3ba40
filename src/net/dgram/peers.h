// SPDX-License-Identifier: ISC
// Who sends to sockets that are bound, each as a channel of its own: its datagrams are received,
// and what is sent goes to it. How many there are is bounded, and what waits for each: who floods
// loses its own datagrams, and pushes nobody out. Where there is no room for somebody new, the
// oldest that has sent a single datagram and got none is given up (-ECANCELED) for it.
#ifndef SOCKCTL_NET_DGRAM_PEERS_H
#define SOCKCTL_NET_DGRAM_PEERS_H

#include "net/dgram/peer.h"

// A socket that was made here, before it is bound and before the user's settings.
void peers_prepare(int fd);

// Serves from now on. Returns 0 or a negative errno.
int peers_start(struct peers *p, const struct peers_options *options);

// Takes on nobody else: what others send is dropped, and counted.
void peers_close(struct peers *p);

// Looks for what the kernel has dropped.
void peers_count_drops(struct peers *p);

// After all channels, and before the sockets are closed. Does nothing on a zeroed one.
void peers_fini(struct peers *p);

#endif
