// SPDX-License-Identifier: ISC
// The names of clients that a server admits, of all that its authorities vouch for.
#ifndef SOCKCTL_TLS_ALLOW_H
#define SOCKCTL_TLS_ALLOW_H

#include "base/str.h"
#include "tls/pin.h"

#include <stdbool.h>
#include <stddef.h>

enum allow_kind {
	ALLOW_DNS, // of the subjectAltName, as the next two
	ALLOW_URI,
	ALLOW_EMAIL,
	ALLOW_CN, // the common name of the subject
};

// Zeroed means everybody.
struct allow {
	struct allow_name *names;
	size_t name_count;
	struct pins keys;
};

// Adds "DNS:a.example", "URI:spiffe://td/*", "email:...", "CN:..." or "sha256:HASH", which is
// borrowed.
// "*." at the beginning of a DNS name stands for one label, "*" at the end of a URI for anything.
// Returns 0, or -EINVAL with the reason in ERR. Needs no library.
int allow_add(struct allow *a, const char *word, struct str *err);
void allow_fini(struct allow *a);

static inline bool allow_is_everybody(const struct allow *a)
{
	return !a->name_count && !a->keys.count;
}

// True if a certificate with this name of LEN bytes is admitted.
bool allow_has(const struct allow *a, enum allow_kind kind, const char *name, size_t len);

#endif
