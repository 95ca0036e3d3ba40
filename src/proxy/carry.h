// SPDX-License-Identifier: ISC
// A dialogue with a proxy, carried over a connection.
#ifndef SOCKCTL_PROXY_CARRY_H
#define SOCKCTL_PROXY_CARRY_H

#include "io/channel.h"
#include "proxy/dialogue.h"

// Goes on with the dialogue as far as that does not have to wait. DIALOGUE_MORE: *WANTS is
// what it waits for, WATCH_READ or WATCH_WRITE or both. After DIALOGUE_DONE, what the target has
// sent is still in the channel, whole.
enum dialogue_step dialogue_carry(struct dialogue *d, struct channel *c, unsigned *wants);

#endif
