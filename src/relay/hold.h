// SPDX-License-Identifier: ISC
// How long the end of the input is held back from the peer (--shutdown auto, --shutdown-delay):
// some take it for the wish to end all. For relay.c only.
#ifndef SOCKCTL_RELAY_HOLD_H
#define SOCKCTL_RELAY_HOLD_H

#include "relay/relay.h"

// Before the flows start.
void hold_begin(struct relay *r);

// The answer may begin before the end of the input is known: follows it from its first byte on.
void hold_follow_answer(struct relay *r);

// Starts the timer anew for MS unless it runs for the same and no more than HEARD bytes have come
// since.
void hold_wait(struct relay *r, enum relay_pause what, uint64_t ms, uint64_t heard);

// After each step of the flows: the end is held back until the peer has been silent for a while.
// The peer's own end leaves nothing to wait for. Returns true if it is held no more.
bool hold_step(struct relay *r);

// The time is over. Does nothing while something is still to be delivered.
void hold_release(struct relay *r);

#endif
