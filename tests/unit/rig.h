// SPDX-License-Identifier: ISC
// A flow between real descriptors of any kind, whose far ends are in the hands of a test.
#ifndef SOCKCTL_TESTS_UNIT_RIG_H
#define SOCKCTL_TESTS_UNIT_RIG_H

#include "io/pool.h"
#include "relay/flow.h"

enum kind {
	SOCKET, // a pair of the Unix domain
	TCP,
	PIPE,
	REGULAR, // an unlinked regular file
	APPEND, // the same, to which writes only append
};

extern const char *const kind_names[];

struct rig {
	uv_loop_t loop;
	struct pool pool;
	struct channel src, dst;
	struct flow f;
	int feed; // what is written here comes to the source; the file itself for a file
	int sink; // what the destination gets is read here
	enum kind src_kind, dst_kind;
};

// Makes the descriptors and joins them by a flow that is not started yet.
void rig_init(struct rig *r, enum kind src, enum kind dst);

// Closes everything, and fails if something stays open on the loop.
void rig_fini(struct rig *r);

void close_if_open(int *fd);

// Lets the source end.
void end_feed(struct rig *r);

// Chooses the engine that copies: a tap forces it.
void force_copy(struct rig *r);

#endif
