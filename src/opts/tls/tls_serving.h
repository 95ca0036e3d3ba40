// SPDX-License-Identifier: ISC
// What the options of TLS come to for a listener: its context, the step on the way to each client,
// and the files that are read again.
#ifndef SOCKCTL_OPTS_TLS_TLS_SERVING_H
#define SOCKCTL_OPTS_TLS_TLS_SERVING_H

#include "net/turns.h"
#include "opts/tls/tls_server.h"
#include "sys/sandbox/sandbox.h"
#include "tls/upgrade.h"

struct tls_serving {
	struct app *app;
	struct tls_context *context; // NULL: no TLS
	struct turns turns;
	struct tls_plan plan; // the argument of tls_upgrade
	struct strlist names; // of a certificate that is made, each ours
	struct strlist folders; // that files are read in again, each ours
};

// Reads the files that the options name, or makes a certificate for this machine and ADDRESSES
// (COUNT), on which it listens; none: all that it has. Does nothing the second time. The loop is
// there. Returns 0, or the status after a message.
int tls_serving_open(struct tls_serving *s, struct app *app, const struct tls_server_config *c,
	const struct sockaddr_any *addresses, size_t count);
void tls_serving_fini(struct tls_serving *s);

// Lets the sandbox read the files of the context, and of OTHER's, again, and open --keylog anew.
// OTHER may be NULL. SANDBOX borrows from S.
void tls_serving_add_files(
	struct tls_serving *s, const struct tls_context *other, struct sandbox *sandbox);

// Whether there is something for tls_serving_reload(); SSLKEYLOGFILE may serve a proxy alone.
bool tls_serving_has_files(const struct tls_serving *s, const struct tls_context *other);

// Opens --keylog anew. Reads all files again, for connections from now on, and those of *OTHER,
// which may be NULL; or leaves both as they are, and says why.
void tls_serving_reload(struct tls_serving *s, struct tls_context **other);

#endif
