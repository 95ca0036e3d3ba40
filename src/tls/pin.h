// SPDX-License-Identifier: ISC
// Public keys that a peer must have: the SHA-256 of its SubjectPublicKeyInfo (RFC 7469,
// section 2.4).
#ifndef SOCKCTL_TLS_PIN_H
#define SOCKCTL_TLS_PIN_H

#include "base/str.h"

#include <stdbool.h>
#include <stddef.h>

#define PIN_SIZE 32

struct pins {
	unsigned char (*items)[PIN_SIZE];
	size_t count;
};

// Reads "sha256:HASH", the hash as 64 hexadecimal digits or in base64 (43 characters, with or
// without its "="). Returns 0, or -EINVAL with the reason in ERR. Needs no library.
int pins_add(struct pins *p, const char *word, struct str *err);
void pins_fini(struct pins *p);
bool pins_have(const struct pins *p, const unsigned char hash[PIN_SIZE]);

#endif
