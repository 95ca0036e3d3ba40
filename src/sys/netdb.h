// SPDX-License-Identifier: ISC
// The calls on the databases of services, protocols, networks and hosts (section 3 of the manual),
// traced like system calls. What they return is the C library's, valid until the next call on the
// same database; NULL means not found or the end. For one thread at a time.
#ifndef SOCKCTL_SYS_NETDB_H
#define SOCKCTL_SYS_NETDB_H

#include <netdb.h>

// Numbers of ports are in network order, numbers of networks in host order, as the calls have them.
// With STAYOPEN the database stays open between look-ups by key, until its end call.

struct servent *sys_getservbyname(const char *name, const char *protocol); // protocol may be NULL
struct servent *sys_getservbyport(int port, const char *protocol);
struct servent *sys_getservent(void);
void sys_setservent(int stayopen);
void sys_endservent(void);

struct protoent *sys_getprotobyname(const char *name);
struct protoent *sys_getprotobynumber(int number);
struct protoent *sys_getprotoent(void);
void sys_setprotoent(int stayopen);
void sys_endprotoent(void);

struct netent *sys_getnetbyname(const char *name);
struct netent *sys_getnetbyaddr(uint32_t number, int family);
struct netent *sys_getnetent(void);
void sys_setnetent(int stayopen);
void sys_endnetent(void);

// *herr becomes 0 or why there is no entry: HOST_NOT_FOUND ... The family of sys_gethostbyname() is
// AF_INET.
struct hostent *sys_gethostbyname(const char *name, int *herr);
struct hostent *sys_gethostbyname2(const char *name, int family, int *herr);
struct hostent *sys_gethostbyaddr(const void *address, socklen_t len, int family, int *herr);
struct hostent *sys_gethostent(void);
void sys_sethostent(int stayopen);
void sys_endhostent(void);

#endif
