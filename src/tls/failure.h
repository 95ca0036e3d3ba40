// SPDX-License-Identifier: ISC
// Why a TLS connection failed, once: one line that says what is wrong and what helps.
#ifndef SOCKCTL_TLS_FAILURE_H
#define SOCKCTL_TLS_FAILURE_H

#include "base/str.h"

#include <stdbool.h>

enum tls_failure_kind {
	TLS_FAIL_NONE,
	TLS_FAIL_CERTIFICATE, // of the peer, by X509_V_ERR_*
	TLS_FAIL_PIN, // its key is not one that was pinned
	TLS_FAIL_ALERT, // the peer refused
	TLS_FAIL_PROTOCOL, // what it sent breaks the rules, or ours
	TLS_FAIL_NOT_TLS, // it speaks something else
	TLS_FAIL_TRUNCATED, // it ended without close_notify
	TLS_FAIL_ERRNO, // the connection below broke
	TLS_FAIL_LOCAL, // OpenSSL cannot go on here, whatever the peer does
};

struct tls_failure {
	enum tls_failure_kind kind;
	int code; // X509_V_ERR_*, the number of the alert, or a negative errno
	int depth; // in the chain: 0 is the peer's own certificate
	struct str text; // fit for a terminal; without the name of an errno
};

// True if another try may go better: the connection broke, which a certificate never mends.
bool tls_failure_may_pass(const struct tls_failure *f);

// The negative errno that stands for it where only a number fits: what broke the connection or
// failed here, -ECONNABORTED where it was cut off, -EPROTO for all else.
int tls_failure_error(const struct tls_failure *f);

#endif
