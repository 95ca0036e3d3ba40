// SPDX-License-Identifier: ISC
// One question about names by any of the calls that answer one, with the whole of its answer.
#ifndef SOCKCTL_NET_NAMES_QUERY_H
#define SOCKCTL_NET_NAMES_QUERY_H

#include "base/sockaddr.h"

#include <netdb.h>
#include <stdbool.h>

enum query_via {
	QUERY_GETADDRINFO,
	QUERY_GETNAMEINFO,
	QUERY_GETHOSTBYNAME,
	QUERY_GETHOSTBYADDR,
	QUERY_GETIFADDRS, // no name at all: the addresses of this machine's interfaces
};

enum query_outcome {
	QUERY_FOUND,
	QUERY_NOT_FOUND,
	QUERY_FAILED, // the name service could not be asked; trying again may help
	QUERY_REFUSED, // the call does not take these arguments
};

// What gethostbyname(), gethostbyaddr() and getifaddrs() return, copied.
struct query_host {
	char *name; // NULL from getifaddrs()
	char **aliases; // ends with NULL; the same
	int family, length; // 0 from getifaddrs(), whose addresses are of both families
	struct sockaddr_any *addresses;
	size_t count;
};

#define QUERY_NO_HOST "*" // the word for no host at all: this machine, or with AI_PASSIVE any

struct query {
	enum query_via via;
	char *word; // that was asked for
	char *service; // or NULL

	struct addrinfo hints; // of getaddrinfo(); the family counts for all that find addresses
	struct sockaddr_any address; // if the word is one; two of the calls want that
	int flags; // NI_*
	uint16_t port; // of the service, where the caller knows it

	// The answer.
	int code; // EAI_*, or 0
	int herr; // HOST_NOT_FOUND ..., or 0
	int error; // negative errno, where one of these points to it
	struct addrinfo *list;
	struct query_host host;
	char *name, *port_name; // of getnameinfo(); the second is NULL if no service was asked for
};

// Copies WORD and SERVICE. The rest is zeroed.
void query_init(struct query *q, const char *word, const char *service);
void query_fini(struct query *q);

// True if the call will answer without asking anybody.
bool query_is_immediate(const struct query *q);

// Makes the call, which may block. Any thread may do so; gethostbyname() and gethostbyaddr() serve
// one at a time.
void query_run(struct query *q);

enum query_outcome query_outcome(const struct query *q);

// Adds what went wrong: "Name or service not known (EAI_NONAME)".
void str_add_query_error(struct str *s, const struct query *q);

#endif
