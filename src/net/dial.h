// SPDX-License-Identifier: ISC
// Connecting to an endpoint: the look-up, the attempts on its addresses (RFC 8305, Happy Eyeballs),
// and all of it again where that is wanted.
#ifndef SOCKCTL_NET_DIAL_H
#define SOCKCTL_NET_DIAL_H

#include "io/channel.h"
#include "io/timer.h"
#include "net/names/lookup.h"
#include "net/attempt.h"
#include "net/upgrade.h"
#include "net/addr/endpoint.h"

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#define DIAL_RETRY_FOREVER UINT64_MAX
#define DIAL_MAX_ADDRESSES 64 // of one name; more are not tried

struct dial_options {
	int family; // AF_UNSPEC, AF_INET or AF_INET6
	bool numeric; // never ask for a name
	struct attempt_options socket;
	uint64_t connect_timeout_ms; // for each try, look-up included; 0: none
	uint64_t retries; // tries after the first; an address that refuses while others have not
			  // answered is asked again within a try
	uint64_t retry_delay_ms; // for both

	// Makes the channel of a connected datagram socket of FAMILY. NULL: a stream is dialled.
	struct channel *(*create_datagrams)(uv_loop_t *loop, int fd, int family);

	// What happens on each connection before it counts as made. The owner's.
	const struct upgrade *upgrades;
	size_t upgrade_count;
	const struct endpoint *target; // what these lead to, for messages; NULL: what is dialled
};

// How a try ended.
enum dial_failure {
	DIAL_OK,
	DIAL_NOT_FOUND, // the name or service does not exist
	DIAL_NAME_SERVICE, // nobody could be asked
	DIAL_REFUSED, // no address could be connected to
	DIAL_TIMEOUT, // no address could be connected to, and one may only have been slow
	DIAL_UPGRADE, // an address was connected to, and what had to follow failed
	DIAL_LOCAL, // a socket could not be prepared, or no thread be had for the look-up
};

// How long the parts of a try took that has succeeded, in ns; 0: there was no such part.
struct dial_times {
	uint64_t lookup; // of the name
	uint64_t connect; // the attempt that succeeded, until its socket was connected
	uint64_t upgrade; // what had to follow: proxies, TLS
};

struct dial_attempt {
	struct sockaddr_any address;
	enum step step; // that was reached
	int error; // negative errno; 0 while it is under way
	struct upgrade_outcome upgrade; // what failed once it was connected
};

struct dial_outcome {
	enum dial_failure failure;
	int error; // negative errno that goes with it, or 0
	int code; // EAI_* of the look-up, or 0
	struct dial_attempt *attempts; // in the order in which they were made
	size_t attempt_count;
};

enum dial_progress {
	DIAL_RESOLVED, // d->addresses are what the name stands for, in the order of the attempts
	DIAL_NEXT, // an attempt has failed, but there are others
	DIAL_RETRY, // a try has failed, as d->last tells, and another will follow
};

struct dial;

// Called once: with the connected socket in d->channel, which dial_take() hands out, or with the
// reason in d->last. The callback may call dial_destroy().
typedef void dial_fn(struct dial *d);

// Called as things go on; it must not destroy the dial. ATTEMPT is the one that failed (DIAL_NEXT),
// or NULL.
typedef void dial_progress_fn(
	struct dial *d, enum dial_progress progress, const struct dial_attempt *attempt);

struct dial {
	struct dial_outcome last; // the last try that has ended
	struct dial_outcome now; // the one under way
	uint64_t tries; // that have ended in failure
	struct channel *channel; // NULL unless connected
	struct sockaddr_any address; // what was connected to
	uint64_t began; // ns of CLOCK_MONOTONIC; when that attempt began
	struct dial_times times; // once it is connected
	const struct endpoint *endpoint;
	struct dial_options options;
	void *data; // the owner's
	struct address_list addresses; // of the try under way
	struct address_list untried; // of the try that has succeeded, for datagrams, which may be
				     // refused once they are sent; the owner may take it
	struct lookup *lookup; // NULL unless one is under way

	// Private.
	uv_loop_t *loop;
	dial_fn *done;
	dial_progress_fn *progress;
	uint64_t asked; // when the look-up of the try began
	size_t next; // address to try next
	struct dial_socket *sockets; // one for each attempt
	size_t pending; // attempts under way
	struct timer stagger, again, limit, delay;
};

// Starts; PLACE must live as long. Neither callback is ever called from here. PROGRESS may be NULL.
struct dial *dial_create(uv_loop_t *loop, const struct endpoint *endpoint,
	const struct dial_options *options, dial_fn *done, dial_progress_fn *progress, void *data);

// The channel of the connection, which is the caller's now.
struct channel *dial_take(struct dial *d);

// Ends whatever is under way. NULL does nothing.
void dial_destroy(struct dial *d);

// True if trying again cannot help, for the fault is in what was asked for.
bool dial_is_hopeless(const struct dial_options *options, const struct dial_outcome *o);

// What to ask a look-up for.
struct addrinfo dial_hints(const struct dial_options *options);

#endif
