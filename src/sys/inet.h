// SPDX-License-Identifier: ISC
// The conversions of addresses and of byte order, traced as the calls that they are.
#ifndef SOCKCTL_SYS_INET_H
#define SOCKCTL_SYS_INET_H

#include <netinet/in.h>

uint32_t sys_htonl(uint32_t value);
uint16_t sys_htons(uint16_t value);
uint32_t sys_ntohl(uint32_t value);
uint16_t sys_ntohs(uint16_t value);

// 1 if TEXT is an address of the family (its bytes are in *address), 0 if not.
int sys_inet_pton(int family, const char *text, void *address);

// TEXT, which has room for INET6_ADDRSTRLEN bytes.
const char *sys_inet_ntop(int family, const void *address, char *text);

// INADDR_NONE for what is no address, and for 255.255.255.255.
in_addr_t sys_inet_addr(const char *text);

// The C library's buffer.
const char *sys_inet_ntoa(struct in_addr address);

#endif
