// SPDX-License-Identifier: ISC
// Which ports of a host are open: attempts to connect to many of them at once.
#ifndef SOCKCTL_NET_SCAN_SCAN_H
#define SOCKCTL_NET_SCAN_SCAN_H

#include "base/deadline_queue.h"
#include "base/str.h"
#include "io/timer.h"
#include "net/dial.h"
#include "net/addr/ports.h"
#include "net/scan/prober.h"

#include <stdbool.h>
#include <stdint.h>

// What an attempt to connect may take, unless the options say how long: TCP asks three times in
// that.
#define SCAN_ATTEMPT_MS 5000

enum scan_state {
	SCAN_UNKNOWN, // no attempt has ended
	SCAN_CLOSED,
	SCAN_OPEN,
};

struct scan_port {
	uint16_t port;
	enum scan_state state;
	int error; // of the last try, a negative errno: -ETIMEDOUT if an address did not answer
	struct sockaddr_any address; // that it is open on
	uint64_t connect_ns; // how long connecting to that took
	struct str banner; // the first bytes that came, as they are; until the callback returns
	uint64_t tries; // that have failed

	// Private.
	struct deadline_link due; // when waiting for its next attempt
	int try_error; // of the try under way
	size_t next; // address to try next
	uint64_t pending; // a bit for each address with an attempt under way
};

struct scan;

// A port was found open, or is closed and will be tried again.
typedef void scan_port_fn(struct scan *s, const struct scan_port *port);

// Called once, when all is known, or when s->outcome says why nothing can be. The callback may call
// scan_destroy().
typedef void scan_fn(struct scan *s);

struct scan_options {
	struct dial_options dial; // timeout, retries and delay are for each port
	uint64_t banner_ms; // how long to wait for what an open port says first; 0: not at all
	bool any; // one open port is enough: no retries once there is one
	size_t limit; // of sockets at once
	const struct address_list *addresses; // tried in turn as dial does; must live as long
	const struct ports *ports; // NULL where addresses have none; must live as long
	scan_port_fn *on_open, *on_retry;
	scan_fn *done;
	void *data; // the owner's, in scan->options.data
};

struct scan {
	struct dial_outcome outcome; // DIAL_OK unless no socket could be used at all
	struct scan_port *ports; // in their order
	size_t count, open_count;
	struct scan_options options;

	// Private.
	uv_loop_t *loop;
	struct prober prober;
	size_t next; // port to try first next
	size_t left; // ports that are not settled
	struct list ready; // ports whose next attempt may start
	struct deadline_queue delayed; // ports that are tried again later
	struct deadline_queue fresh; // attempts that hold back those on the next address
	struct deadline_queue waiting; // attempts that no longer do
	struct deadline_queue reading; // connections that may say something
	struct timer timer;
};

// OPTIONS are copied. No callback is ever called from here.
struct scan *scan_create(uv_loop_t *loop, const struct scan_options *options);

// Ends whatever is under way. NULL does nothing.
void scan_destroy(struct scan *s);

#endif
