// SPDX-License-Identifier: ISC
// The order in which the addresses of a name are tried.
#ifndef SOCKCTL_NET_NAMES_INTERLEAVE_H
#define SOCKCTL_NET_NAMES_INTERLEAVE_H

#include "net/names/lookup.h"

// Puts addresses into the order in which to try them: families in turn, beginning with the first
// address's (RFC 8305 section 4).
void interleave_families(struct address_list *l);

#endif
