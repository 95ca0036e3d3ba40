// SPDX-License-Identifier: ISC
// The bytes of a flow that its destination has not taken yet.
#ifndef SOCKCTL_RELAY_PENDING_H
#define SOCKCTL_RELAY_PENDING_H

#include "relay/flow.h"

// Offers them to the destination. Returns 0 when none are left, -EAGAIN if it takes no more now, or
// another negative errno.
int pending_flush(struct flow *f);

#endif
