// SPDX-License-Identifier: ISC
// Connecting to a place: the look-up, the attempts on its addresses (RFC 8305, Happy Eyeballs), and
// all of it again where that is wanted.
#ifndef SOCKCTL_NET_DIAL_H
#define SOCKCTL_NET_DIAL_H

#include "io/timer.h"
#include "io/watch.h"
#include "net/lookup.h"
#include "net/place.h"

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#define DIAL_RETRY_FOREVER UINT64_MAX

struct dial_options {
	int family; // AF_UNSPEC, AF_INET or AF_INET6
	bool numeric; // never ask for a name
	struct sockaddr_any
		bind; // len 0: let the kernel choose; a wildcard address sets the port alone
	const char *interface; // NULL: any
	uint64_t connect_timeout_ms; // for each try, look-up included; 0: none
	uint64_t retries; // tries after the first
	uint64_t retry_delay_ms;

	// Prepares each socket before it is bound and connected: 0 or a negative errno, which ends
	// the dialling. May be NULL.
	int (*prepare)(void *data, int fd);
	void *prepare_data;
};

// Why the dialling failed.
enum dial_failure {
	DIAL_OK,
	DIAL_NOT_FOUND, // the name or service does not exist
	DIAL_NAME_SERVICE, // nobody could be asked
	DIAL_REFUSED, // no address could be connected to
	DIAL_TIMEOUT, // the connect timeout passed
	DIAL_LOCAL, // a socket could not be made or prepared
};

struct dial_attempt {
	struct sockaddr_any address;
	const char *step; // "connect", or what failed before: "bind", "interface" ...
	int error; // negative errno; 0 while it is under way
};

struct dial;

// Called once: with the connected, non-blocking socket in d->fd, which becomes the callback's, or
// with d->failure. The callback may call dial_destroy().
typedef void dial_fn(struct dial *d);

// Called when a try has failed and another will follow.
typedef void dial_retry_fn(struct dial *d);

struct dial {
	enum dial_failure failure;
	int error; // negative errno that goes with it, or 0
	int code; // EAI_* of the look-up, or 0
	int fd;
	struct sockaddr_any address; // what was connected to
	const struct place *place;
	struct dial_options options;
	void *data; // the owner's

	// The attempts of the last try, in the order in which they were made.
	struct dial_attempt *attempts;
	size_t attempt_count;
	uint64_t tries; // that have ended in failure

	// Private.
	uv_loop_t *loop;
	dial_fn *done;
	dial_retry_fn *on_retry;
	struct lookup *lookup;
	struct address_list addresses;
	size_t next; // address to try next
	struct dial_socket *sockets; // one for each attempt
	size_t pending; // attempts under way
	struct timer stagger, limit, delay;
	bool finished;
};

// Starts; PLACE must live as long. DONE is never called from here.
struct dial *dial_create(uv_loop_t *loop, const struct place *place,
	const struct dial_options *options, dial_fn *done, dial_retry_fn *on_retry, void *data);

// Ends whatever is under way. NULL does nothing.
void dial_destroy(struct dial *d);

// Puts addresses into the order in which to try them: families in turn, beginning with the first
// address's (RFC 8305 section 4).
void interleave_families(struct address_list *l);

#endif
