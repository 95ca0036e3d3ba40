// SPDX-License-Identifier: ISC
// From a connected socket to a TLS connection, on the event loop and within a time: the plain words
// of STARTTLS first where they are wanted, then the handshake.
#ifndef SOCKCTL_TLS_HANDSHAKE_H
#define SOCKCTL_TLS_HANDSHAKE_H

#include "tls/starttls.h"
#include "tls/tls.h"

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

struct handshake;

// Called once with 0, or a negative errno with tls_failure() of the connection. It may destroy the
// handshake; the connection is its owner's.
typedef void handshake_fn(struct handshake *h, int result, void *data);

struct handshake_options {
	enum starttls_protocol protocol;
	bool is_shared; // the socket belongs to others, too, and keeps its mode
	bool is_check; // nothing else will be sent: end, and wait for what the server says to it
	uint64_t limit_ms; // 0: none
};

// T stands over FD; both stay the caller's. Returns NULL, and a negative errno in *error, if the
// descriptor cannot be watched. The callback is never called from here.
struct handshake *handshake_create(uv_loop_t *loop, struct tls *t, int fd,
	const struct handshake_options *options, handshake_fn *done, void *data, int *error);

// Ends it without a word. NULL does nothing.
void handshake_destroy(struct handshake *h);

#endif
