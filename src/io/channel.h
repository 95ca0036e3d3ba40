// SPDX-License-Identifier: ISC
// One party of a relay: something that bytes can be received from and sent to. A connected socket
// is one, and so are stdin and stdout together, and a program. Who dials or accepts makes the
// channel of a connection once and hands it on; nobody passes on a bare descriptor.
//
// A zeroed channel is no party at all: it has no operations and no descriptor.
#ifndef SOCKCTL_IO_CHANNEL_H
#define SOCKCTL_IO_CHANNEL_H

#include "base/str.h"
#include "io/fd.h"
#include "io/urgent.h"
#include "io/watch.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <uv.h>

struct channel;

// What a kind of channel can do. Calls never wait: they say -EAGAIN, and recv_wants or send_wants
// of the channel tells which readiness may change that.
struct channel_ops {
	const char *name; // of the kind

	// Both return how many bytes went, -EAGAIN, or another negative errno; recv 0 at the end.
	// -ECANCELED: the channel was given up on purpose, which is no failure.
	ssize_t (*recv)(struct channel *c, void *buf, size_t len);
	ssize_t (*send)(struct channel *c, const void *buf, size_t len);

	// Tells the other side that nothing more will be sent (SHUT_WR), received or both, as
	// shutdown(2) does; what is no socket is closed. Returns 0, -EAGAIN if it is to be called
	// again once what send_wants names is there, or another negative errno.
	int (*shut)(struct channel *c, int how);

	// Frees and closes what is the channel's own. NULL: there is nothing.
	void (*fini)(struct channel *c);

	// Why the last call failed, where an errno does not tell: a sentence, or NULL. May be NULL.
	const char *(*failure)(const struct channel *c);

	// Takes what channel_take_error() is about. NULL: that is the error of the socket.
	int (*take_error)(struct channel *c);

	// Adds what the bytes pass through, such as "TLS 1.3". NULL: nothing worth a word.
	void (*describe)(const struct channel *c, struct str *s);

	// The same as recv and send for datagrams, many at a time and each with its boundaries.
	// NULL where there are bytes only. recv_many puts at most MOST into DATAGRAMS, which live
	// until the next call of any channel or until the caller returns to the loop, and returns
	// how many, one at least, or as recv does; has_more says then whether more may be there,
	// where that is polled. send_many returns how many of COUNT went, one at
	// least, or as send does.
	int (*recv_many)(struct channel *c, struct iovec *datagrams, size_t most);
	int (*send_many)(struct channel *c, const struct iovec *datagrams, size_t count);
};

// How a channel is received from and sent to where that is not as usual.
struct channel_calls {
	int send_flags, recv_flags; // MSG_* for each call on a socket, beside what is always there
	uint64_t recv_limit; // the source ends after so many bytes; 0: when it ends
	uint64_t recv_count; // the source ends after so many calls that have brought some; 0: never
	struct urgent *urgent; // tells urgent data apart; the owner's, or NULL
};

// In as little memory as it takes: thousands of connections may be idle.
struct channel {
	const struct channel_ops *ops; // NULL: no party
	struct watch *rd, *wr; // the same for a socket; NULL where the owner wakes the relay itself
	unsigned char recv_wants, send_wants; // WATCH_* of RD and WR that a blocked call waits for
	bool has_more; // the next recv does not wait, whatever poll(2) says
	bool is_private; // ours to close and non-blocking; others are left open and as they were
	bool is_whole; // all was said: the end is a FIN; until then it is a reset (TCP)
	bool is_guarded; // the kernel resets it should the process be killed
	bool may_splice; // the kind's own: bytes need not pass by recv and send
	bool has_offset; // a file that is read at OFFSET instead of at its own position
	size_t unsent; // bytes that send has taken and the kernel has not
	struct fd_info rd_info, wr_info; // of what bytes come from and go to
	off_t offset;
	uint64_t
		file_left; // bytes of a regular file that were to be read when the channel was made
	struct channel_calls *calls; // NULL: as usual
	unsigned lost; // datagrams that are too long for where they were to go

	// The kind's own.
	int socket; // beneath; -1: none
	int rd_fd, wr_fd; // what is read and written
	int in, out; // the descriptors as they were given
	struct watch watch; // of a socket, which channel_watch() begins, or of what is read
};

// A connected socket. PRIVATE says that it was made here, is non-blocking, and is closed with the
// channel; an inherited one stays open and keeps its mode.
void channel_init_socket(struct channel *c, uv_loop_t *loop, int fd, bool is_private);

// The same on the heap, for channel_destroy() or channel_release().
struct channel *channel_create_socket(uv_loop_t *loop, int fd, bool is_private);

// The same for a stream socket of FAMILY that was made here.
struct channel *channel_create_stream(uv_loop_t *loop, int fd, int family);

// Two descriptors, such as stdin and stdout, that keep their mode: pipes and terminals are opened
// anew where that is possible. Returns 0 or a negative errno; then channel_fini() is due all the
// same.
int channel_init_stdio(struct channel *c, uv_loop_t *loop, int in, int out);

// Our end of a socket pair whose other end, *THEIRS, becomes stdin and stdout of a program; the
// caller closes it once the program has it. That the program stops reading, or ends before it has
// read everything, is its right and no failure. Returns 0 or a negative errno.
int channel_init_program(struct channel *c, uv_loop_t *loop, int *theirs);

// The regular file IN, read from POSITION on without moving the offset that others may share. It
// takes no bytes; its owner sets ops and wr for that.
void channel_init_file(struct channel *c, int in, const struct fd_place *place);

// A party without descriptors, by the operations of its owner, who wakes the relay.
void channel_init_member(struct channel *c, const struct channel_ops *ops);

// How it is received from and sent to, and the same to be changed.
const struct channel_calls *channel_calls(const struct channel *c);
struct channel_calls *channel_change_calls(struct channel *c);

// Calls CB, with DATA in watch->data, when what channel_want() asks for is there, and on errors.
// The last call counts. Returns 0 or a negative errno.
int channel_watch(struct channel *c, watch_fn *cb, void *data);

// Goes on by the socket FD, made here and of the same kind, in the place of its own, which was made
// here, too, and is closed. Returns 0, or a negative errno; then nothing has changed.
int channel_replace_socket(struct channel *c, int fd);

// Ends the watch of a socket, for somebody else to watch it.
void channel_unwatch(struct channel *c);

// The channel of a socket that was made here, moved to SIZE bytes, which begin with it: for a kind
// that stands over it in its place. C is no more.
struct channel *channel_grow(struct channel *c, size_t size);

// Waits until RECV or SEND, or neither, may go on.
void channel_want(struct channel *c, bool recv, bool send);

// Ends the watches and closes what is the channel's own: with a reset unless the stream is whole,
// so that what was cut off never looks complete to the other side. Unix sockets have no reset. May
// be called twice.
void channel_fini(struct channel *c);
void channel_destroy(struct channel *c); // and frees it; NULL does nothing

// Gives the descriptor of a socket back instead of closing it, and frees the channel.
int channel_release(struct channel *c);

// Lets the kernel reset a TCP connection of ours that is closed before it is complete, so that even
// a process that is killed leaves no stream that looks whole.
void channel_guard(struct channel *c);

// All that was to be said is said: the end of the channel is an orderly one. NULL does nothing.
void channel_complete(struct channel *c);

// The socket beneath, for questions to the kernel; -1 if there is none.
static inline int channel_socket(const struct channel *c)
{
	return c->ops ? c->socket : -1;
}

// True if each call moves one datagram, which may be empty.
static inline bool channel_keeps_boundaries(const struct channel *c)
{
	return c->ops && c->ops->recv_many;
}

// True if the kernel tells when something can be received: not where the owner does.
static inline bool channel_is_polled(const struct channel *c)
{
	return c->rd && c->rd->handle;
}

// What splice() may move from and to; -1 where bytes must pass by recv and send.
static inline int channel_splice_source(const struct channel *c)
{
	return c->ops && c->may_splice ? c->rd_fd : -1;
}

static inline int channel_splice_sink(const struct channel *c)
{
	return c->ops && c->may_splice ? c->wr_fd : -1;
}

// Hands what send has taken on to the kernel. Returns 0 when all has gone, -EAGAIN, or another
// negative errno.
int channel_flush(struct channel *c);

// Takes the error that has befallen the socket beneath: a negative errno, or 0.
int channel_take_error(struct channel *c);

// Bytes that have been sent and that the kernel at the other end of a TCP connection has not
// acknowledged, an end of file counting as one; a negative errno if it never will; 0 for others.
int channel_unacknowledged(const struct channel *c);

// Bytes that the kernel holds for the other side, which change while that is alive.
int channel_queued(const struct channel *c);

// Helps what was sent to arrive before the channel is closed: hands it to the kernel, and takes and
// drops what the other side still sends, for closing a TCP socket with unread input sends a reset,
// which destroys what was sent before. *ENDED becomes true at the end of the input. Returns what
// channel_unacknowledged() does, which nothing announces: see struct ack_wait.
int channel_settle(struct channel *c, bool *ended);

// Why the last call failed, where its errno does not tell; or NULL.
const char *channel_failure(const struct channel *c);

// recv of a channel that reads a descriptor, whatever that is.
ssize_t channel_recv_fd(struct channel *c, void *buf, size_t len);

#endif
