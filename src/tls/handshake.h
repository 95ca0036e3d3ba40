// SPDX-License-Identifier: ISC
// From a connected socket to a TLS connection, step by step: the plain words of STARTTLS first
// where they are wanted, then the handshake.
#ifndef SOCKCTL_TLS_HANDSHAKE_H
#define SOCKCTL_TLS_HANDSHAKE_H

#include "tls/starttls/starttls.h"
#include "tls/tls.h"

#include <stdbool.h>

enum handshake_phase {
	HANDSHAKE_WORDS, // STARTTLS
	HANDSHAKE_TLS,
	HANDSHAKE_CONFIRM, // of a check: whether the server has accepted us
};

struct handshake {
	struct tls *tls; // the owner's
	enum handshake_phase phase;
	bool is_check; // nothing else will be sent: end, and wait for what the server says to it
	struct starttls words;
	bool are_over; // the plain words are said once words.say is sent
};

// T stays the caller's.
void handshake_init(
	struct handshake *h, struct tls *t, enum starttls_protocol protocol, bool is_check);
void handshake_fini(struct handshake *h);

// Does what can be done now. Returns 0 when TLS is spoken, -EAGAIN, or another negative errno with
// tls_failure() of the connection.
int handshake_step(struct handshake *h);

// What it waits for: a set of enum tls_wants.
unsigned handshake_wants(const struct handshake *h);

#endif
