// SPDX-License-Identifier: ISC
// TLS as a step of the chain of upgrades, with the plain words of STARTTLS before it.
#ifndef SOCKCTL_TLS_UPGRADE_H
#define SOCKCTL_TLS_UPGRADE_H

#include "net/turns.h"
#include "net/upgrade.h"
#include "tls/channel.h"
#include "tls/starttls/starttls.h"
#include "tls/tls.h"

// What the step needs; the argument of the upgrade.
struct tls_plan {
	struct tls_context *const *context; // read for each connection: files may be read again
	const char *name; // to verify, or NULL
	enum starttls_protocol protocol;
	bool is_check; // nothing is sent afterwards
	unsigned place; // a set of enum tls_place
	struct turns *turns; // of a server, in which handshakes go on; NULL: at once
	const char *proxy; // that TLS is spoken with, for failures

	// Tells of a handshake that has ended, well or not, before the outcome. May be NULL.
	void (*told)(void *data, const struct tls *t, bool is_good);
	void *data;
};

extern const struct upgrade_kind tls_upgrade;

#endif
