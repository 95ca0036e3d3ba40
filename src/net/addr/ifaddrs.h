// SPDX-License-Identifier: ISC
// The addresses of this machine.
#ifndef SOCKCTL_NET_ADDR_IFADDRS_H
#define SOCKCTL_NET_ADDR_IFADDRS_H

#include "base/sockaddr.h"

// Valid during the callback only.
typedef void ifaddrs_fn(void *arg, const struct sockaddr_any *address, const char *interface);

// Calls back with each IPv4 and IPv6 address. Returns 0 or a negative errno.
int ifaddrs_list(ifaddrs_fn *fn, void *arg);

#endif
