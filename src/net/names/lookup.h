// SPDX-License-Identifier: ISC
// Names become addresses without the event loop waiting: getaddrinfo() runs in a thread, once for
// all who ask the same at the same time, and for 32 different questions at once; the others wait
// for these, each of which ends when the resolver gives up (resolv.conf(5)). Numeric hosts and
// ports are answered at once and never reach the resolver, the databases or a thread.
#ifndef SOCKCTL_NET_NAMES_LOOKUP_H
#define SOCKCTL_NET_NAMES_LOOKUP_H

#include "base/sockaddr.h"
#include "net/addr/endpoint.h"

#include <netdb.h>
#include <stdbool.h>
#include <stddef.h>
#include <uv.h>

struct address_list {
	struct sockaddr_any *items; // in the resolver's order (RFC 6724)
	size_t count;
};

void address_list_fini(struct address_list *l);

// A copy of the addresses from FIRST on.
struct address_list address_list_from(const struct address_list *l, size_t first);

// Each address once, whatever the socket types.
struct address_list address_list_of(const struct addrinfo *res);

struct lookup;

// CODE is 0 or an EAI_* code; ERROR a negative errno that goes with EAI_SYSTEM. The list is the
// callback's to keep (address_list_fini()). The lookup is freed after the callback.
typedef void lookup_fn(void *data, int code, int error, struct address_list list);

// Answers numeric hosts. Returns true if it did: then *code and *list are set as for the callback.
// A NULL host is the wildcard address with AI_PASSIVE and loopback without.
bool lookup_numeric(const char *host, const char *service, int family, int flags, int *code,
	struct address_list *list);

// What getaddrinfo(3) is asked.
struct lookup_words {
	const char *host, *service; // one may be NULL
	struct addrinfo hints;
};

// Starts a look-up, by the thread of LOOP; WORDS are copied. Returns NULL, with *error set to a
// negative errno, if the system has no thread for it.
struct lookup *lookup_start(
	uv_loop_t *loop, const struct lookup_words *words, lookup_fn *cb, void *data, int *error);

// Finds the addresses of WORDS. Numbers are answered at once: CB is called from here. Otherwise
// *lookup becomes the look-up that is under way. Returns 0, or a negative errno if the system has
// no thread for it.
int lookup_host(uv_loop_t *loop, const struct lookup_words *words, lookup_fn *cb, void *data,
	struct lookup **lookup);

// The same for an endpoint. A Unix socket is answered at once with its one address; a descriptor
// has none (-EINVAL).
int lookup_endpoint(uv_loop_t *loop, const struct endpoint *endpoint, const struct addrinfo *hints,
	lookup_fn *cb, void *data, struct lookup **lookup);

// The owner of L does not wait for the answer any more. A thread that asks cannot be stopped; what
// it finds is for the others.
void lookup_cancel(struct lookup *l);

// True for codes that mean that the name, service or kind of address does not exist; false for
// those that mean that nobody could be asked (compare getaddrinfo(3)).
bool lookup_is_not_found(int code);

// What an EAI_* code means (gai_strerror(3)).
const char *lookup_strerror(int code);

#endif
