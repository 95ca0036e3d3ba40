// SPDX-License-Identifier: ISC
// What is shown of a certificate. Its texts come from strangers: they are escaped for a terminal
// and bounded here, so that every reader may show them as they are.
#ifndef SOCKCTL_TLS_CERTIFICATE_H
#define SOCKCTL_TLS_CERTIFICATE_H

#include "base/str.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CERTIFICATE_NAMES 16 // kept of a subjectAltName; more are counted
#define CERTIFICATE_NAME_MAX 256 // bytes of a name that are shown
#define CERTIFICATE_DATE_SIZE 24

struct certificate {
	struct str subject, issuer; // "CN = example.org, O = Example", or "" where there is none
	struct str short_subject, short_issuer; // the common name alone, or else the whole
	struct str names[CERTIFICATE_NAMES]; // "example.org", "192.0.2.1", "URI:spiffe://..."
	size_t name_count; // that the certificate has; those beyond CERTIFICATE_NAMES are not kept
	int64_t not_before, not_after; // seconds since 1970
	bool is_dated; // both dates can be read
	struct str key; // "RSA 2048", "EC P-256", "ED25519"
	char sha256[65]; // of the public key (SPKI), in hexadecimal digits
	bool is_self_issued;
};

void certificate_fini(struct certificate *c);

// Reads LEN bytes of DER. Returns 0, or -EINVAL if that is no certificate. Needs library_open().
int certificate_parse(struct certificate *c, const void *der, size_t len);

// Whole days from now on, down: -1 once it ended today.
int64_t certificate_days_left(const struct certificate *c, int64_t now);

// "50 days ago", of a certificate that has ended: whole days.
void str_add_days_ago(struct str *s, const struct certificate *c, int64_t now);

// "example.org, www.example.org (3 more)": at most MAX of the names.
void str_add_certificate_names(struct str *s, const struct certificate *c, size_t max);

// "2026-11-29" in UTC.
void str_add_date(struct str *s, int64_t seconds);

// The lines of --show-certificates for the one at POSITION of the chain; each begins with INDENT.
void str_add_certificate(
	struct str *s, const struct certificate *c, int64_t now, const char *indent);

#endif
