// SPDX-License-Identifier: ISC
// What every connection that is joined to another endpoint shares: who it goes to, and what becomes
// of one side when the other has broken.
#ifndef SOCKCTL_SESSION_FORWARD_TORN_H
#define SOCKCTL_SESSION_FORWARD_TORN_H

#include "io/closing.h"
#include "session/stream.h"

// Connection NUMBER is joined to another one, by CHANNEL: says where that goes. P are its proxies,
// or NULL.
void target_report_connected(
	struct app *app, uint64_t number, const struct channel *channel, const struct proxying *p);

// The stream between the peer and the target is over. If one of them has broken the other must not
// take its stream for whole: it is told by a reset, once it has what was sent. Then its channel is
// taken, *TARGET becoming NULL if that is it. Returns NULL if there is nobody to be told.
struct closing *torn_tell(struct stream *s, struct channel **target, closing_fn *done, void *data);

#endif
