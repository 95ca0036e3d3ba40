// SPDX-License-Identifier: ISC
// The two ends of a socket, as the kernel knows them.
#ifndef SOCKCTL_NET_ADDR_SOCKNAME_H
#define SOCKCTL_NET_ADDR_SOCKNAME_H

#include "base/sockaddr.h"

// Both return 0, or a negative errno, and then the address has len 0.
int sockname_local(int fd, struct sockaddr_any *a);
int sockname_peer(int fd, struct sockaddr_any *a); // -ENOTCONN if there is none

#endif
