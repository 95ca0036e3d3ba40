// SPDX-License-Identifier: ISC
// One TLS connection over a socket that somebody else watches: no event loop is needed here. A
// struct tls_context is what the command line said (certificates, trust, names, versions), made
// once; a struct tls is the state of one connection.
#ifndef SOCKCTL_TLS_TLS_H
#define SOCKCTL_TLS_TLS_H

#include "base/str.h"
#include "tls/certificate.h"
#include "tls/failure.h"
#include "tls/settings.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct tls;
struct tls_context;

// Which readiness a blocked call waits for.
enum tls_wants {
	TLS_WANTS_READ = 1,
	TLS_WANTS_WRITE = 2,
};

// Reads every file that the settings name, each once, and opens what must be open before a sandbox.
// Returns 0, or a negative errno after one line in ERR:
// -EINVAL: a word of the command line is wrong; -EOPNOTSUPP: this build has no TLS;
// -EKEYREJECTED: certificate and key do not fit together; others: a file cannot be used.
// Warnings, a line each, are added to NOTES.
int tls_context_create(struct tls_context **context, const struct tls_settings *settings,
	struct str *notes, struct str *err);

// The same with the files as they are now, for connections from now on: nothing may wait, so that
// only regular files are read again, and nobody is asked for a passphrase. What was made or opened
// for OLD itself goes on. Returns as above; OLD stays as it is.
int tls_context_renew(struct tls_context **context, const struct tls_context *old,
	struct str *notes, struct str *err);

// Its connections may outlive it. NULL does nothing.
void tls_context_destroy(struct tls_context *c);

// Adds each file and directory that tls_context_renew() would read; the words are borrowed.
void tls_context_add_files(const struct tls_context *c, struct strlist *files);

// Fills a zeroed certificate with our own, the first of several.
void tls_context_show(const struct tls_context *c, struct certificate *own);

// The file that was opened for secrets with this context, or NULL: none, or it was open already.
const char *tls_context_keylog(const struct tls_context *c);

// Adds what the environment says of the system's authorities, as trust_add_environment() has it.
void tls_context_add_environment(const struct tls_context *c, struct str *s);

struct tls_build {
	const char *origin; // of the library: "opened on demand", or "linked"
	const char *version; // of OpenSSL, that the program was built with
	// Where the system's authorities are: what the environment names, or the defaults of that
	// version.
	const char *directory;
	const char *file;
};

// Returns whether there is TLS in this build. Opens nothing.
bool tls_build(struct tls_build *build);

// A connection over FD, which stays the caller's and must be non-blocking or is used with
// MSG_DONTWAIT. NAME is what a server's certificate must be for, and what is asked for (SNI): a
// host name or an address, or NULL where the settings verify without one.
struct tls *tls_create(struct tls_context *c, int fd, const char *name);
void tls_destroy(struct tls *t); // sends nothing

// Lets the connection stand over BELOW, such as TLS with a proxy, instead of its socket. Before
// anything else; BELOW is borrowed.
struct channel;
void tls_set_below(struct tls *t, struct channel *below);

// Goes on with the handshake. Returns 0 when it is done, -EAGAIN, or another negative errno with
// tls_failure().
int tls_handshake(struct tls *t);

// True once it is certain that a server has accepted our certificate, or wants none: in TLS 1.3 it
// judges after the handshake, and the first that it says tells. Until then, tls_confirm() reads on:
// 0, -EAGAIN or a negative errno with tls_failure().
bool tls_is_confirmed(const struct tls *t);
int tls_confirm(struct tls *t);

// Fills BUF as far as there is something. Returns how many bytes; 0 at close_notify; -EAGAIN; or
// another negative errno with tls_failure(). What came before an end or a failure is given first.
ssize_t tls_recv(struct tls *t, void *buf, size_t len);

// Takes up to 128 KiB. Returns how many bytes were taken, of which tls_unsent() may still be here;
// -EAGAIN, then the same bytes must be offered again; or another negative errno.
ssize_t tls_send(struct tls *t, const void *buf, size_t len);

// Says that nothing more will be sent (close_notify). Returns 0 when the kernel has it, -EAGAIN or
// another negative errno. May be called until it is done.
int tls_end(struct tls *t);

// Hands to the kernel what it did not take before. Returns 0 once all is gone, -EAGAIN or another
// negative errno.
int tls_flush(struct tls *t);

// What a call that said -EAGAIN waits for: a set of enum tls_wants.
unsigned tls_wants(const struct tls *t, bool is_receiving);

// tls_recv() would not say -EAGAIN, and no readiness of the socket tells that.
bool tls_has_more(const struct tls *t);

// The peer has said that it will send nothing more.
bool tls_has_ended(const struct tls *t);

// Bytes as they go over the wire that the kernel has not taken yet.
size_t tls_unsent(const struct tls *t);

// Bytes that went over the wire in each direction.
uint64_t tls_wire_sent(const struct tls *t);
uint64_t tls_wire_received(const struct tls *t);

// Why a call failed; kind is TLS_FAIL_NONE before.
const struct tls_failure *tls_failure(const struct tls *t);

// What was agreed on. Texts that the peer chose are escaped and bounded.
struct tls_facts {
	const char *version; // "TLSv1.3"
	const char *cipher; // "TLS_AES_128_GCM_SHA256"
	const char *group; // "x25519", or NULL
	struct str alpn; // "" if none was agreed on
	struct str server_name; // asked for by the client, or ""
	struct str peer; // the name that was verified, or the first of its certificate, or ""
	bool is_verified; // by an authority or a pin
	bool is_pinned; // by a pin alone: no authority, name or date was asked
	bool is_resumed;
	bool has_peer_certificate;
	struct str unverified; // why verification would have failed, or ""
	int64_t expires; // the first end of a certificate of the chain, seconds since 1970
	struct certificate certificate; // the peer's own
};

void tls_describe(const struct tls *t, struct tls_facts *f);
void tls_facts_fini(struct tls_facts *f);

// Visits the certificates of a chain, the peer's own first, also after a failed verification. Each
// is valid during the call.
enum tls_chain {
	TLS_CHAIN_SENT, // as the peer sent it
	TLS_CHAIN_VERIFIED, // as it was verified, up to what is trusted
};
typedef void tls_certificate_fn(
	void *arg, enum tls_chain chain, size_t position, const struct certificate *c);
void tls_for_each_certificate(const struct tls *t, tls_certificate_fn *fn, void *arg);

#endif
