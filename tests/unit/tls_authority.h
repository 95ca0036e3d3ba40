// SPDX-License-Identifier: ISC
// A small authority that lives in a test: keys and certificates made when they are asked for, with
// every fault that one may have.
#ifndef SOCKCTL_TESTS_UNIT_TLS_AUTHORITY_H
#define SOCKCTL_TESTS_UNIT_TLS_AUTHORITY_H

#include <openssl/evp.h>
#include <openssl/x509.h>
#include <stdbool.h>

struct issued {
	EVP_PKEY *key;
	X509 *x509;
};

struct wish {
	const char *cn; // NULL: an empty subject
	const char *san; // as in openssl.cnf: "DNS:localhost,IP:127.0.0.1"; NULL: none
	const char *eku; // "clientAuth"; NULL: none
	const char *constraints; // basicConstraints, "critical,CA:TRUE,pathlen:0"; NULL: none
	const char *name_constraints;
	const char *critical; // an extension that nobody knows: its number
	const char *nul_san; // raw bytes of one DNS name, up to NUL_SAN_LEN
	int nul_san_len;
	int rsa_bits; // 0: P-256
	bool is_sha1;
	long from, to; // days from now on; both 0: from yesterday on, for a year
};

// A certificate signed by BY, or by itself if that is NULL. The caller frees it.
struct issued issue(const struct wish *w, const struct issued *by);
void issued_fini(struct issued *i);

// Writes certificates, the first COUNT of ALL, as PEM to a new temporary file, whose name the
// caller frees after unlink().
char *write_certificates(const struct issued *const *all, int count);
char *write_key(const struct issued *i, const char *passphrase);

// A list of AUTHORITY that revokes WHAT (NULL: nothing) and is valid for DAYS.
char *write_revocations(const struct issued *authority, const struct issued *what, long days);

#endif
