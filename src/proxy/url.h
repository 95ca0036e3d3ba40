// SPDX-License-Identifier: ISC
// The URLs that name proxies: SCHEME://[USER[:PASSWORD]@]HOST[:PORT].
#ifndef SOCKCTL_PROXY_URL_H
#define SOCKCTL_PROXY_URL_H

#include "base/str.h"
#include "net/addr/endpoint.h"
#include "proxy/credentials.h"

#include <stdbool.h>

enum proxy_scheme {
	PROXY_SOCKS4,
	PROXY_SOCKS4A,
	PROXY_SOCKS5,
	PROXY_SOCKS5H,
	PROXY_HTTP,
	PROXY_HTTPS,
};

struct proxy_url {
	enum proxy_scheme scheme;
	struct endpoint endpoint; // where the proxy is: a host and a port number, or a Unix socket;
				  // its name is that of the URL
	struct credentials credentials; // of the URL
	char *name; // as it is spoken of: the URL with its port and without credentials
};

// Understands WORD. HOST is a name, an IPv4 address, an IPv6 address in brackets, or "unix:" and a
// path, "/" written as %2F and "@" as %40; what stands before the last "@" are credentials, where
// %XX is a byte (RFC 3986 section 2.1). Returns 0, or -EINVAL with the reason in ERR, in which
// credentials are never shown. proxy_url_fini() frees what is in it, also after an error.
int proxy_url_parse(struct proxy_url *u, const char *word, struct str *err);
void proxy_url_fini(struct proxy_url *u);

const char *proxy_scheme_name(enum proxy_scheme scheme);

// True for the schemes whose proxies are asked for names rather than addresses: all but socks4 and
// socks5, as curl(1) has it.
bool proxy_scheme_asks_names(enum proxy_scheme scheme);

// Overwrites the credentials inside WORD, which stays a URL for messages.
void proxy_url_wipe(char *word);

#endif
