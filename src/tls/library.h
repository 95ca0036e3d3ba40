// SPDX-License-Identifier: ISC
// libssl and libcrypto, opened when TLS is first used: a run without TLS neither maps nor
// initialises them. Every function of OpenSSL that src/tls calls is a member of ossl, under its own
// name; tls/symbols.h lists them. A static program has the same table filled by the linker.
//
// OpenSSL's headers are included here and nowhere else.
#ifndef SOCKCTL_TLS_LIBRARY_H
#define SOCKCTL_TLS_LIBRARY_H

#include "base/str.h"
#include "tls/symbols.h"

#include <openssl/bio.h>
#include <openssl/conf.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

struct ossl {
#define OSSL_MEMBER(name) __typeof__(name) *name;
	OSSL_SYMBOLS(OSSL_MEMBER)
#undef OSSL_MEMBER
};

// Valid once library_open() has returned 0.
extern struct ossl ossl;

// What OpenSSL's macros call.
#define SSL_ctrl ossl.SSL_ctrl
#define SSL_CTX_ctrl ossl.SSL_CTX_ctrl
#define SSL_CTX_callback_ctrl ossl.SSL_CTX_callback_ctrl
#define OPENSSL_sk_num ossl.OPENSSL_sk_num
#define OPENSSL_sk_value ossl.OPENSSL_sk_value

// Opens and initialises the libraries, once; later calls cost nothing. Must precede a sandbox,
// which lets no code be mapped. Allocation failure inside them ends the program, as everywhere.
// Returns 0, or -ELIBACC after a sentence in ERR that names the package to install.
int library_open(struct str *err);

// How that is, or would be, done: "opened on demand", or "linked".
const char *library_origin(void);

#endif
