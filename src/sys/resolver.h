// SPDX-License-Identifier: ISC
// The calls on names and databases (section 3 of the manual), traced like system calls. They block:
// commands with an event loop make them through net/names/lookup.
#ifndef SOCKCTL_SYS_RESOLVER_H
#define SOCKCTL_SYS_RESOLVER_H

#include <ifaddrs.h>
#include <net/if.h>
#include <netdb.h>

// Returns 0 or an EAI_* code; *res is freed with freeaddrinfo().
int sys_getaddrinfo(
	const char *node, const char *service, const struct addrinfo *hints, struct addrinfo **res);

// Returns 0 or an EAI_* code.
int sys_getnameinfo(const struct sockaddr *sa, socklen_t len, char *host, socklen_t hostlen,
	char *service, socklen_t servicelen, int flags);

// What EAI_* codes and values of h_errno mean.
const char *sys_gai_strerror(int code);
const char *sys_hstrerror(int error);

// Returns 0 or a negative errno; *list is freed with freeifaddrs().
int sys_getifaddrs(struct ifaddrs **list);

// The number of an interface, or 0.
unsigned sys_if_nametoindex(const char *name);

// All of them, for messages; housekeeping. NULL with errno; freed with if_freenameindex().
struct if_nameindex *sys_if_nameindex(void);

// Its name in NAME, which has room for IF_NAMESIZE bytes, or NULL.
const char *sys_if_indextoname(unsigned index, char *name);

#endif
