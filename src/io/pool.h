// SPDX-License-Identifier: ISC
// What all relays of one event loop share, and what its owner has: a buffer, and pipes between
// descriptors of which neither is one. A flow holds a pipe only while bytes are in it, so idle
// connections hold none.
#ifndef SOCKCTL_IO_POOL_H
#define SOCKCTL_IO_POOL_H

#include <uv.h>

// Not 64 KiB, which a loopback connection cuts into one full segment and a stub of 53 bytes.
#define POOL_BUFFER ((size_t)128 * 1024)

#define POOL_PIPES 4 // that are kept for the next who needs one

// Used by the thread of the loop only. Zeroed is empty.
struct pool {
	uv_loop_t *loop;
	char *buffer; // NULL until somebody needs it
	int pipes[POOL_PIPES][2];
	int pipe_count;
};

void pool_init(struct pool *p, uv_loop_t *loop);
void pool_fini(struct pool *p);

// POOL_BUFFER bytes for what is read and passed on before the caller returns to the loop: nobody
// finds in it what he has left there.
char *pool_buffer(struct pool *p);

// Finds an empty non-blocking pipe. Returns 0 or a negative errno.
int pool_take_pipe(struct pool *p, int fds[2]);

// Gives back an empty pipe and makes the descriptors -1. Does nothing if they are.
void pool_give_pipe(struct pool *p, int fds[2]);

// Makes a pipe hold 1 MiB, where the limits of the user allow it.
void pool_widen_pipe(int fd);

#endif
