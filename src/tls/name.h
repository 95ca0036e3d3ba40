// SPDX-License-Identifier: ISC
// The name of a server, as its certificate and the extension server_name have it.
#ifndef SOCKCTL_TLS_NAME_H
#define SOCKCTL_TLS_NAME_H

#include <stdbool.h>

// Why NAME can be neither asked for nor verified, or NULL if it can.
const char *tls_name_fault(const char *name);

// The name without the final dot of a host name (RFC 6066, section 3) and without the interface of
// an address. The caller frees it.
char *tls_name_plain(const char *name);

bool tls_name_is_address(const char *name);

#endif
