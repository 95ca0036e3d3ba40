// SPDX-License-Identifier: ISC
// A dialogue with a proxy, carried over a connected socket.
#ifndef SOCKCTL_PROXY_CARRY_H
#define SOCKCTL_PROXY_CARRY_H

#include "proxy/dialogue.h"

// Goes on with the dialogue over the non-blocking socket FD as far as that does not have to wait.
// DIALOGUE_MORE: *WANTS is WATCH_READ or WATCH_WRITE, whichever it waits for. After
// DIALOGUE_DONE, what the target has sent is still in the socket, whole.
enum dialogue_step dialogue_carry(struct dialogue *d, int fd, unsigned *wants);

#endif
