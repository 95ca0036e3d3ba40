// SPDX-License-Identifier: ISC
// stdout as one who hears a chat and says nothing: what the others say is written there at the pace
// of its reader.
#ifndef SOCKCTL_RELAY_CHAT_OUTPUT_H
#define SOCKCTL_RELAY_CHAT_OUTPUT_H

#include "base/fifo.h"
#include "io/stdio.h"
#include "relay/fanout.h"

#include <stdbool.h>

struct pool;

// Writing failed: ERROR is a negative errno, -EPIPE once nobody reads.
typedef void chat_output_failed_fn(void *data, int error);

// Everything that was said has been written.
typedef void chat_output_drained_fn(void *data);

struct chat_output_options {
	struct pool *pool; // of the loop
	int fd; // taken over as stdio_init() does
	struct fanout_reader *reader; // the owner's, which has joined
	chat_output_failed_fn *on_failed;
	chat_output_drained_fn *on_drained;
	void *data; // the owner's
};

// A zeroed one hears nothing.
struct chat_output {
	struct chat_output_options options;
	struct stdio stdio;
	struct fifo pending; // taken from the reader, and not yet written
	bool has_failed;
};

// Returns 0 or a negative errno.
int chat_output_init(struct chat_output *o, const struct chat_output_options *options);
void chat_output_fini(struct chat_output *o);

// The reader has something to take.
void chat_output_wake(struct chat_output *o);

// Writes what can be written at once. Returns true if that was all.
bool chat_output_flush(struct chat_output *o);

bool chat_output_is_busy(const struct chat_output *o);

#endif
