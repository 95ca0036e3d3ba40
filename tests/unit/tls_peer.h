// SPDX-License-Identifier: ISC
// A server of OpenSSL's own at the other end of a socket pair, in the same process.
#ifndef SOCKCTL_TESTS_UNIT_TLS_PEER_H
#define SOCKCTL_TESTS_UNIT_TLS_PEER_H

#include "tls/tls.h"
#include "tls_authority.h"

#include <openssl/ssl.h>

struct peer {
	SSL_CTX *ctx;
	SSL *ssl;
	int fds[2]; // [0] is ours, [1] the peer's
	struct tls_context *context;
	struct tls *tls;
	struct str err, notes;
};

// A server that shows CHAIN, its own certificate first.
void peer_init(struct peer *p, const struct issued *const *chain, int count);

// Our side: a client with these settings that expects NAME. Returns what making its context did.
int peer_join(struct peer *p, const struct tls_settings *settings, const char *name);
void peer_fini(struct peer *p);

// Lets both sides go on until ours is done or has failed. Returns what tls_handshake() says last.
int peer_shake(struct peer *p);

#endif
