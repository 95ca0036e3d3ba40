// SPDX-License-Identifier: ISC
// Many relays that talk to each other: what one member sends goes to all others, each read whole.
// So does what the input yields; a regular file as input greets each member instead. What the
// members of a chat say is written to the output, too.
#ifndef SOCKCTL_RELAY_BROKER_H
#define SOCKCTL_RELAY_BROKER_H

#include "base/fifo.h"
#include "io/defer.h"
#include "io/channel.h"
#include "io/stdio.h"
#include "relay/fanout.h"
#include "relay/chat.h"
#include "relay/chat_output.h"

#include <stdbool.h>
#include <uv.h>

struct broker;
struct pool;
struct relay;

// The local party of one relay.
struct broker_member {
	struct channel channel;
	struct broker *broker;
	struct fanout_reader reader;
	struct fifo greeting; // for this member alone, before all else
	off_t offset; // of the input file
	bool has_file; // and has not taken all of it
	struct chat_line line; // of a chat
	bool has_ended; // it says nothing more
};

// The input or the output failed: ERROR is a negative errno.
typedef void broker_failed_fn(struct broker *b, bool input, int error);

// Everything was written to the output.
typedef void broker_drained_fn(struct broker *b);

// A member has stopped reading and keeps the others waiting; the callback ends its relay. Or it is
// the output that does (NULL): nothing more is written there.
typedef void broker_behind_fn(struct broker *b, struct broker_member *m);

struct broker_options {
	struct pool *pool; // of the loop
	int in, out; // taken over as stdio_init() does
	bool is_chat; // lines with the names of those who say them, instead of bytes
	broker_failed_fn *on_failed;
	broker_behind_fn *on_behind;
	broker_drained_fn *on_drained;
	void *data; // the owner's, in broker->options.data
};

struct broker {
	struct broker_options options;
	struct stdio input;
	off_t input_start; // if it is a file
	bool input_ended;
	bool is_complete; // nobody else will join
	struct defer silence; // once nobody says anything more
	struct chat_line line; // of the input
	struct broker_member listener; // in a chat, in the place of the output; it says nothing
	struct chat_output output;
	struct fanout fanout;
};

// Returns 0 or a negative errno.
int broker_init(struct broker *b, const struct broker_options *options);
void broker_fini(struct broker *b);

// True while something waits for the output.
bool broker_is_busy(const struct broker *b);

// Writes to the output what was said and can be written at once, and nothing after that. Returns
// false if some could not.
bool broker_end_output(struct broker *b);

// Prepares the channel of a member for its relay.
void broker_member_init(struct broker_member *m);

// Begins to feed the member, whose relay is ready. NAME and PLACE are how a chat speaks of it: what
// its lines begin with, and where it comes from.
void broker_join(struct broker *b, struct broker_member *m, struct relay *relay, const char *name,
	const char *place);
void broker_leave(struct broker_member *m);

// Nobody else will join. Once all members and the input have ended, members hear the end, too.
void broker_complete(struct broker *b);

#endif
