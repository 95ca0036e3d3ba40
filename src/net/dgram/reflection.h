// SPDX-License-Identifier: ISC
// Datagrams that whoever answers must not answer: the answer would be answered, without end.
#ifndef SOCKCTL_NET_DGRAM_REFLECTION_H
#define SOCKCTL_NET_DGRAM_REFLECTION_H

#include "base/sockaddr.h"

#include <stdbool.h>

// Whether SOURCE is a service that answers whatever comes (RFC 862 to 868), or may be the socket at
// LOCAL itself or another server on the same port. Sources can be forged, and a socket that is
// bound to all addresses has many, so for IP the port alone decides.
bool is_reflection(const struct sockaddr_any *source, const struct sockaddr_any *local);

#endif
