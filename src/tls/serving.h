// SPDX-License-Identifier: ISC
// What the context of a server has besides: several certificates, tickets, whom it asks for.
#ifndef SOCKCTL_TLS_SERVING_H
#define SOCKCTL_TLS_SERVING_H

#include "tls/internal.h"

// Makes C, whose certificates and authorities are read, that of a server. Returns 0, or -EINVAL
// with a line in ERR.
int serving_prepare(struct tls_context *c, struct str *err);

#endif
