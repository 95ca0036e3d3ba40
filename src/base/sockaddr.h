// SPDX-License-Identifier: ISC
// Socket addresses of any family, kept with their length and written as text.
#ifndef SOCKCTL_BASE_SOCKADDR_H
#define SOCKCTL_BASE_SOCKADDR_H

#include "base/str.h"

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/un.h>

// An address by value; len 0 means none.
struct sockaddr_any {
	union {
		struct sockaddr sa;
		struct sockaddr_in in;
		struct sockaddr_in6 in6;
		struct sockaddr_un un;
		struct sockaddr_storage storage;
	};
	socklen_t len;
};

// Copies SA; what is longer than any address of ours is cut.
void sockaddr_set(struct sockaddr_any *a, const struct sockaddr *sa, socklen_t len);

// The port in host order, or 0 for families without.
uint16_t sockaddr_port(const struct sockaddr_any *a);
void sockaddr_set_port(struct sockaddr_any *a, uint16_t port);

// An IPv4 address in IPv6 clothes (::ffff:192.0.2.1, RFC 4291 section 2.5.5.2) becomes IPv4.
void sockaddr_unmap(struct sockaddr_any *a);

// An address without a length is none, and the same as another that is none.
bool sockaddr_equal(const struct sockaddr_any *a, const struct sockaddr_any *b);
bool sockaddr_is_loopback(const struct sockaddr_any *a);

// A link-local address of IPv6 that says nothing of its interface, without which it means nothing.
bool sockaddr_lacks_interface(const struct sockaddr_any *a);
#define INTERFACE_REMEDY \
	"a link-local address needs its interface: fe80::1%eth0, or --interface eth0"

// 0.0.0.0 or ::, which stand for every address of this machine.
bool sockaddr_is_wildcard(const struct sockaddr_any *a);

// Text forms: "127.0.0.1:80", "[::1]:80", "[fe80::1%eth0]:80", "unix:PATH", "unix:@NAME",
// "unix:" for an unnamed one. A path is what it is: a terminal gets it from
// str_add_shown_sockaddr() or as any text that is escaped where it is shown. A 0 in an abstract
// name is written as @, as in /proc/net/unix.
void str_add_sockaddr(struct str *s, const struct sockaddr *sa, socklen_t len);

// The same, escaped for a terminal.
void str_add_shown_sockaddr(struct str *s, const struct sockaddr *sa, socklen_t len);

// Takes the dots out of the text that inet_ntop(3) has made of IN6 where they are not for those
// that are known to end in an IPv4 address: ::1:80, not ::0.1.0.128 (RFC 5952, section 5).
void in6_undot(const struct in6_addr *in6, char text[INET6_ADDRSTRLEN]);

// The host part alone: "127.0.0.1", "fe80::1%eth0"; a path for the Unix domain.
void str_add_sockaddr_host(struct str *s, const struct sockaddr *sa, socklen_t len);

#endif
