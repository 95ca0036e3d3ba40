// SPDX-License-Identifier: ISC
// What the files of this room share: the insides of a context and of a connection.
#ifndef SOCKCTL_TLS_INTERNAL_H
#define SOCKCTL_TLS_INTERNAL_H

#include "tls/allow.h"
#include "tls/identity.h"
#include "tls/library.h"
#include "tls/pin.h"
#include "tls/settings.h"
#include "tls/tls.h"
#include "tls/trust.h"
#include "tls/wire.h"

struct tls_context {
	unsigned users; // who has made it, and the connections
	SSL_CTX *ssl;
	struct tls_settings settings; // its words are the command line's
	struct trust trust;
	struct pins pins;
	struct allow allow; // clients, of all that are verified
	struct identity *identities; // the first is shown unless another is asked for
	size_t identity_count;
	struct str protocols; // ALPN as the wire has it
	struct str batch; // what one call sends is gathered here, whosever it is
	struct keylog *keylog; // or NULL
	bool is_first_of_keylog; // it has opened it, and others may share it
};

// On the certificate of the peer.
struct verdict {
	int error; // X509_V_ERR_*, also where that was put up with
	struct str why; // the line for it
	bool is_pinned; // by a pin alone
	STACK_OF(X509) * sent, *verified;
};

// In as little memory as it takes: thousands of connections may be idle.
struct tls {
	struct tls_context *context;
	SSL *ssl;
	struct wire wire;
	char *name; // to verify, without a final dot; or NULL
	bool is_address; // the name is one
	bool is_open; // the handshake is done
	bool has_ended; // close_notify has come
	bool end_is_queued; // ours is on its way
	bool has_more;
	bool reads_much; // many records at a time
	bool is_asked; // the server asked for a certificate
	bool has_heard; // something came after the handshake
	unsigned char recv_wants, send_wants;
	unsigned short key_updates; // since the last byte of data
	int server_version; // what its ServerHello says before anything is checked; 0: none came
	struct verdict *verdict; // NULL: no certificate came
	struct tls_failure *failure; // NULL: none
};

// Sets the failure unless there is one: the first is the cause of the others.
struct str *tls_fail(struct tls *t, enum tls_failure_kind kind, int code);

// OpenSSL has refused to go on: says why by its first error, what the wire saw, and where the
// connection was. Returns the negative errno.
int tls_fail_by_library(struct tls *t);

// The line for the error that STORE ended verifying with.
void str_add_verify_error(struct str *s, const struct tls *t, X509_STORE_CTX *store);

// The callback that verifies a chain as the settings want it; ARG is the context.
int tls_verify_chain(X509_STORE_CTX *store, void *arg);

// The connection that SSL belongs to.
static inline struct tls *tls_of(const SSL *ssl)
{
	return container_of(ossl.BIO_get_data(ossl.SSL_get_rbio(ssl)), struct tls, wire);
}

// Fills a zeroed C.
void certificate_read(struct certificate *c, const X509 *x509);

// The SHA-256 of the public key as it stands in the certificate. Returns false if there is none.
bool certificate_hash(unsigned char hash[PIN_SIZE], const X509 *x509);

#endif
