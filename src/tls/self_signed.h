// SPDX-License-Identifier: ISC
// A certificate that a server makes for itself.
#ifndef SOCKCTL_TLS_SELF_SIGNED_H
#define SOCKCTL_TLS_SELF_SIGNED_H

#include "base/strlist.h"
#include "tls/identity.h"

// Makes a P-256 key and a certificate of 30 days for NAMES: host names and addresses, as
// tls_name_fault() accepts them. Returns 0, or a negative errno with a line in
// ERR.
int self_signed_make(struct identity *id, const struct strlist *names, struct str *err);

#endif
