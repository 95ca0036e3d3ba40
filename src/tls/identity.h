// SPDX-License-Identifier: ISC
// Our own certificate with its chain and its key, from PEM or PKCS#12 files.
#ifndef SOCKCTL_TLS_IDENTITY_H
#define SOCKCTL_TLS_IDENTITY_H

#include "base/str.h"
#include "tls/library.h"

struct identity {
	X509 *certificate;
	EVP_PKEY *key;
	STACK_OF(X509) * chain; // without the certificate; NULL: none
};

// Reads the certificate from FILE and the key from KEY_FILE, or from FILE if that is NULL; PASSWORD
// is where the passphrase is (secret_read_password()). What deserves a warning is added to NOTES, a
// line each. Returns 0, or a negative errno with a line in ERR: -EKEYREJECTED if the two do not fit
// together.
int identity_load(struct identity *id, const char *file, const char *key_file, const char *password,
	struct str *notes, struct str *err);
void identity_fini(struct identity *id);

// The same once more.
struct identity identity_share(const struct identity *id);

// Makes CTX show it. Returns 0, or -EKEYREJECTED with a line in ERR.
int identity_use(const struct identity *id, SSL_CTX *ctx, const char *file, struct str *err);

#endif
