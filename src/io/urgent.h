// SPDX-License-Identifier: ISC
// Urgent data: a byte that overtakes the rest of a stream, and the mark where it stood (RFC 6093).
#ifndef SOCKCTL_IO_URGENT_H
#define SOCKCTL_IO_URGENT_H

#include "io/watch.h"

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

// An urgent byte stood in the stream after OFFSET others.
typedef void urgent_fn(void *data, unsigned char byte, uint64_t offset);

// What a receiver knows that tells urgent data apart.
struct urgent {
	int fd;
	struct watch *watch; // of the socket
	urgent_fn *fn;
	void *data; // the owner's
	uint64_t received; // bytes of the stream so far
	uint64_t taken_at; // where the last urgent byte that was taken stood
	bool has_taken;
};

// Takes urgent data out of the stream of FD from now on. Returns 0 or a negative errno.
int urgent_init(struct urgent *u, int fd, struct watch *watch, urgent_fn *fn, void *data);

// As recv(2) without waiting, up to the next mark; calls back with the urgent byte there.
ssize_t urgent_recv(struct urgent *u, void *buf, size_t len, int flags);

// Sends the bytes, of which the last is urgent. Returns how many went, or a negative errno.
ssize_t urgent_send(int fd, const void *data, size_t len);

#endif
