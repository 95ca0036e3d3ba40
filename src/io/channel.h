// SPDX-License-Identifier: ISC
// One party of a relay: something that bytes can be received from and sent to. A socket has one
// descriptor for both; stdin and stdout are two; others have none. What filters the bytes of a
// socket (such as TLS) fits behind the same interface.
#ifndef SOCKCTL_IO_CHANNEL_H
#define SOCKCTL_IO_CHANNEL_H

#include "io/fd.h"
#include "io/urgent.h"
#include "io/watch.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <uv.h>

struct channel;

struct channel_ops {
	// Both return how many bytes went, -EAGAIN, or another negative errno; recv 0 at the end.
	ssize_t (*recv)(struct channel *e, void *buf, size_t len);
	ssize_t (*send)(struct channel *e, const void *buf, size_t len);

	// Tells the other side that nothing more will be sent (SHUT_WR), received or both, as
	// shutdown(2) does; what is no socket is closed. Returns 0 or a negative errno.
	int (*shut)(struct channel *e, int how);
};

struct channel {
	const struct channel_ops *ops;
	struct watch *rd, *wr; // the same for a socket; NULL where the owner wakes the relay itself
	int rd_fd,
		wr_fd; // what splice() moves from and to; -1 where bytes must pass by recv and send
	struct fd_info rd_info, wr_info;
	off_t *offset; // where to read the file instead of at its own position, or NULL

	// The channel's own.
	struct watch watches[2];
	off_t own_offset;
	int in, out; // the descriptors as they were given
	int send_flags, recv_flags; // MSG_* for each call on a socket, beside what is always there
	struct urgent *urgent; // tells urgent data apart; the owner's, or NULL
	uint64_t recv_limit; // the source ends after so many bytes; 0: when it ends
	bool is_private;
};

// A connected socket. PRIVATE says that it was made here, is non-blocking, and is closed with the
// channel; an inherited one stays open and keeps its mode. CB gets DATA in watch->data. Returns 0
// or a negative errno; then FD stays the caller's.
int channel_init_socket(
	struct channel *e, uv_loop_t *loop, int fd, bool is_private, watch_fn *cb, void *data);

// Two descriptors, such as stdin and stdout, that keep their mode: pipes and terminals are opened
// anew where that is possible.
int channel_init_stdio(
	struct channel *e, uv_loop_t *loop, int in, int out, watch_fn *cb, void *data);

// Our end of a socket pair whose other end, *THEIRS, becomes stdin and stdout of a program; the
// caller closes it once the program has it. That the program stops reading, or ends before it has
// read everything, is its right and no failure. Returns 0 or a negative errno.
int channel_init_program(struct channel *e, uv_loop_t *loop, int *theirs, watch_fn *cb, void *data);

// The regular file IN, read from POSITION on without moving the offset that others may share. It
// takes no bytes; its owner sets ops and wr for that.
void channel_init_file(struct channel *e, int in, off_t position);

// Ends the watches and closes what is the channel's own. May be called twice.
void channel_fini(struct channel *e);

// Ends the watches of a socket and gives the descriptor back instead of closing it.
int channel_take(struct channel *e);

ssize_t channel_recv_fd(struct channel *e, void *buf, size_t len); // recv of rd_fd, whatever it is

#endif
