// SPDX-License-Identifier: ISC
// The socket below a TLS connection, or the channel (TLS within TLS), as a BIO: the records that
// OpenSSL writes are gathered and sent in one call, and what is read is followed record by record,
// so that an end between two can be told from one within.
#ifndef SOCKCTL_TLS_WIRE_H
#define SOCKCTL_TLS_WIRE_H

#include "base/str.h"
#include "io/channel.h"
#include "tls/library.h"

#include <stdbool.h>
#include <stdint.h>

#define WIRE_FIRST 64 // bytes of what the peer said first

// In as little memory as it takes: thousands of connections may be idle.
struct wire {
	int fd;
	bool is_shut; // close_notify was the last that may go
	bool has_ended; // the peer's FIN was read
	bool is_drained; // the socket had nothing more at the last look
	struct channel *below; // that bytes pass by instead of the socket; NULL: none
	struct str *batch; // shared by the connections of a loop, but for those over a channel,
			   // who may be in the middle of that; empty between two calls
	struct str *rest; // what the kernel did not take; NULL while there is none
	uint64_t sent, received;
	int recv_error, send_error; // negative errno that ended that direction, or 0
	uint32_t budget; // bytes that may be read until the call returns
	uint16_t body_left; // of the record that is being read
	unsigned char header[5]; // of it
	unsigned char header_len;
	unsigned char first_len;
	unsigned char *first; // what the peer said first; NULL once that does not matter
};

// A BIO over W, which it borrows; owned by the caller. NULL never.
BIO *wire_create_bio(struct wire *w);
void wire_fini(struct wire *w);

// The bytes pass by BELOW, which is borrowed, instead of the socket.
void wire_set_below(struct wire *w, struct channel *below);

// What the peer says, and what is said to it, without TLS. Both return how many bytes went,
// -EAGAIN, or another negative errno; wire_receive() 0 at the end.
ssize_t wire_receive(struct wire *w, void *buf, size_t len);
ssize_t wire_send(struct wire *w, const void *buf, size_t len);

// A call begins: it may read what is there, up to a bound.
void wire_begin(struct wire *w);

// Sends the rest and what was gathered. Returns 0 once all is gone, -EAGAIN, or another negative
// errno, which is kept. Reading goes on after that.
int wire_flush(struct wire *w);

// Bytes that the kernel has not taken, those that a channel below has taken included.
size_t wire_unsent(const struct wire *w);

// What the peer said first is not asked for any more.
void wire_forget_first(struct wire *w);

// True if the peer stopped within a record.
bool wire_is_inside(const struct wire *w);

#endif
