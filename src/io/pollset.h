// SPDX-License-Identifier: ISC
// Readiness of very many descriptors of our own, for servers with thousands of connections: all of
// them in one epoll instance, which the event loop watches as one descriptor. Each costs a few
// bytes and one system call to add; closing the descriptor takes it out.
#ifndef SOCKCTL_IO_POLLSET_H
#define SOCKCTL_IO_POLLSET_H

#include "io/watch.h"

#include <uv.h>

struct pollset_item;

// The descriptor is ready for what is wanted, or has failed. The callback may free this item, but
// no other.
typedef void pollset_fn(struct pollset_item *item);

// One descriptor; part of the owner's struct.
struct pollset_item {
	int fd;
	unsigned wanted; // WATCH_READ and WATCH_WRITE
};

struct pollset {
	int epoll;
	struct watch watch;
	pollset_fn *cb;
};

// Returns 0 or a negative errno.
int pollset_init(struct pollset *p, uv_loop_t *loop, pollset_fn *cb);

// Close the descriptors first. Does nothing on a zeroed set.
void pollset_fini(struct pollset *p);

// Adds the non-blocking FD. Returns 0 or a negative errno.
int pollset_add(struct pollset *p, struct pollset_item *item, int fd, unsigned wanted);

// Says what is wanted from now on. Costs nothing while that does not change.
void pollset_want(struct pollset *p, struct pollset_item *item, unsigned wanted);

#endif
