// SPDX-License-Identifier: ISC
// The words that name an endpoint to connect to or to listen on.
#ifndef SOCKCTL_NET_ADDR_ENDPOINT_H
#define SOCKCTL_NET_ADDR_ENDPOINT_H

#include "base/sockaddr.h"
#include "base/str.h"

#include <stdbool.h>

enum endpoint_kind {
	ENDPOINT_INET, // host and port
	ENDPOINT_UNIX, // a path or an abstract name
	ENDPOINT_FD, // an inherited descriptor
};

enum endpoint_use {
	ENDPOINT_CONNECT,
	ENDPOINT_PLAIN, // to connect to where nobody speaks TLS
	ENDPOINT_LISTEN, // a port alone is enough, and may be 0
	ENDPOINT_SERVE, // the same where connections are accepted and joined
	ENDPOINT_CHECK, // the port may be a list of ports (net/addr/ports.h)
};

struct endpoint {
	enum endpoint_kind kind;
	char *host; // NULL: every address (listening) or this machine (connecting)
	char *service; // a number from 0 to 65535, or a name
	struct sockaddr_any unix_address;
	int fd;
	bool is_seqpacket; // SOCK_SEQPACKET, in the Unix domain
	bool is_tls; // "tls:" stands before HOST:PORT
	char *name; // as it is spoken of in messages: "example.org:80", "unix:/run/x", "fd:3"
};

// Understands one or two words: HOST PORT, HOST:PORT, [IPV6]:PORT, :PORT, PORT (listening only),
// unix:PATH, unix:@NAME, any word with a slash, fd:N; to connect to also tls:HOST:PORT, and to
// connect to or to serve seqpacket:PATH. Returns 0, or -EINVAL with the reason in ERR.
// endpoint_fini() frees what is in it, also after an error.
int endpoint_parse(
	struct endpoint *p, enum endpoint_use use, int argc, char **argv, struct str *err);
void endpoint_fini(struct endpoint *p);

// How many words an endpoint takes that begins with this one: 1, or 2 for HOST PORT.
int endpoint_word_count(const char *first);

// The same for an endpoint without ports. HOST may be NULL: every address.
int endpoint_parse_host(struct endpoint *p, const char *host, struct str *err);

// True if it is a Unix socket in the file system.
bool endpoint_is_path(const struct endpoint *p);

// Refuses a numeric address of the family that was not asked for. Returns as endpoint_parse() does.
int endpoint_check_family(const struct endpoint *p, bool ipv4, bool ipv6, struct str *err);

// Checks a host: a numeric address, or a word that may be a name. Returns 0, or -EINVAL with the
// reason in ERR.
int check_host(const char *host, struct str *err);

// Where what was looked up does not exist: adds "; write ./u.sock for a socket" if that was meant.
void endpoint_add_hint(struct str *s, const struct endpoint *p);

// The numeric address HOST (as inet_pton() takes it, with %zone for IPv6) and PORT, without asking
// anybody. Returns false if HOST is no such thing.
bool numeric_address(const char *host, unsigned port, struct sockaddr_any *a);

// If HOST is an IPv6 address with an interface that is none of this machine: adds that, and which
// there are. Returns false, and adds nothing, otherwise.
bool add_zone_fault(struct str *s, const char *host);

// True if connecting to the endpoint takes a look-up of its host.
bool endpoint_has_host_name(const struct endpoint *p);

// True for words that the C library would take for an address as inet_aton() does, though they are
// none to us: "127.1", "0x7f000001". They are names, and no such names can exist.
bool is_loose_address(const char *host);

#endif
