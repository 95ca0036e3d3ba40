// SPDX-License-Identifier: ISC
// Many relays on one stdin and one stdout. What the input yields goes to every member; what the
// members send goes to the output as it comes, each read whole. A regular file as input is sent
// whole to each member instead, each at its own pace.
#ifndef SOCKCTL_RELAY_HUB_H
#define SOCKCTL_RELAY_HUB_H

#include "base/fifo.h"
#include "io/channel.h"
#include "relay/fanout.h"

#include <stdbool.h>
#include <uv.h>

struct hub;
struct pool;
struct relay;

// The local party of one relay.
struct hub_member {
	struct channel channel;
	struct hub *hub;
	struct fanout_reader reader; // of the input
	bool blocked; // it has something for the output, which is busy
};

// The output or the input failed: ERROR is a negative errno.
typedef void hub_failed_fn(struct hub *h, bool input, int error);

// Everything was written to the output.
typedef void hub_drained_fn(struct hub *h);

// A member has stopped reading and keeps the others from the input; the callback ends its relay.
typedef void hub_behind_fn(struct hub *h, struct hub_member *m);

struct hub_options {
	struct pool *pool; // of the loop
	int in, out; // taken over as channel_init_stdio() does
	hub_failed_fn *on_failed;
	hub_behind_fn *on_behind;
	hub_drained_fn *on_drained;
	void *data; // the owner's, in hub->options.data
};

struct hub {
	struct hub_options options;
	struct channel stdio;
	struct fifo pending; // of the output
	bool input_is_file;
	struct fd_place input_place; // of such a file, at the start
	bool input_ended;
	struct fanout fanout; // of the input
};

// Returns 0 or a negative errno.
int hub_init(struct hub *h, const struct hub_options *options);
void hub_fini(struct hub *h);

// Prepares the channel of a member for its relay, and starts to feed it.
void hub_join(struct hub *h, struct hub_member *m, struct relay *relay);
void hub_leave(struct hub_member *m);

// True while bytes wait for the output.
bool hub_is_busy(const struct hub *h);

#endif
