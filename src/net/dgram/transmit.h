// SPDX-License-Identifier: ISC
// Sends datagrams from a list or from an input, in batches, at a rate if one is wanted.
#ifndef SOCKCTL_NET_DGRAM_TRANSMIT_H
#define SOCKCTL_NET_DGRAM_TRANSMIT_H

#include "io/pacer.h"
#include "io/stdio.h"
#include "net/dgram/sender.h"
#include "net/dgram/splitter.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/uio.h>
#include <uv.h>

enum transmit_state {
	TRANSMIT_MORE, // others had to get their turn; call again soon
	TRANSMIT_WAITING, // on_ready will be called
	TRANSMIT_BLOCKED, // until the socket can be written to
	TRANSMIT_DONE,
};

struct transmit {
	// Set by the owner before transmit_start().
	struct sender *sender;
	const struct sockaddr_any *to; // NULL on a connected socket
	uint64_t rate; // datagrams in a period; 0: as fast as they go
	uint64_t period; // ns
	uint64_t repeat; // how many times all of it is sent
	const struct iovec *messages; // or NULL: the input
	size_t message_count;
	int input;
	enum framing framing;
	size_t block, limit; // as for splitter_init()
	void (*on_ready)(void *data);
	void (*on_message)(void *data, const struct iovec *message); // before it is sent; or NULL
	void (*on_sent)(void *data, const struct iovec *datagram); // or NULL
	void *data;

	// What was done.
	uint64_t datagrams, bytes;
	bool input_failed; // an error is the input's, and no socket's
	bool is_invalid; // it is in what the input holds: splitter.error

	// Private.
	struct splitter splitter;
	struct stdio in;
	struct fd_place input_place; // at the start
	struct pacer pacer;
	uint64_t passes; // that have ended
	size_t next_message;
	bool is_unchecked; // the input is a file that is looked through before it is sent
	struct send_item *batch;
	size_t room; // of the batch
	size_t filled, sent; // of the batch
	bool at_end;
	int error; // to be told
};

// Returns 0 or a negative errno: -ESPIPE if an input that is no file is to be sent repeatedly.
int transmit_start(struct transmit *t, uv_loop_t *loop);
void transmit_fini(struct transmit *t); // does nothing on a zeroed one

// Sends what can be sent now. Returns an enum transmit_state or a negative errno. If the error is
// the socket's, all that came before the datagram that met it was sent, and nothing after. If it is
// in what the input holds, nothing was sent of a file, and of another input nothing that was read
// together with it.
int transmit_run(struct transmit *t);

// After an error of the socket: the datagram that met it, or NULL.
const struct iovec *transmit_failed(const struct transmit *t);

#endif
