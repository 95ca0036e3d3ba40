// SPDX-License-Identifier: ISC
// What many ports of one host stand for: its addresses, and the numbers of services, looked up
// again and again where that is wanted.
#ifndef SOCKCTL_NET_SCAN_TARGET_H
#define SOCKCTL_NET_SCAN_TARGET_H

#include "io/timer.h"
#include "net/dial.h"
#include "net/addr/ports.h"

struct scan_target;

// Called once, with all that was asked for, or with the reason why not in t->outcome. The callback
// may call scan_target_destroy().
typedef void scan_target_fn(struct scan_target *t);

// Called when a try has failed and another will follow; it must not destroy the target.
typedef void scan_target_retry_fn(struct scan_target *t);

struct scan_target_options {
	const struct endpoint *endpoint; // its host; must live as long
	const struct ports *ports; // which are wanted; must live as long
	const struct dial_options *dial; // must live as long
	scan_target_fn *done;
	scan_target_retry_fn *on_retry;
	void *data; // the owner's, in target->options.data
};

struct scan_target {
	struct dial_outcome outcome; // of the last try; it has no attempts
	const char *service; // that was not found, or NULL
	struct address_list addresses; // without ports, in the order in which to try them
	bool is_resolved; // they stand for a name that was looked up
	uint64_t lookup_ns; // which took so long
	struct ports ports; // of all these, in numbers
	uint64_t tries; // that have failed
	struct scan_target_options options;

	// Private.
	uv_loop_t *loop;
	uint64_t asked; // when the look-up began
	size_t resolved; // names of services
	struct lookup *lookup;
	struct timer timer;
};

// OPTIONS are copied. No callback is ever called from here.
struct scan_target *scan_target_create(uv_loop_t *loop, const struct scan_target_options *options);

// Ends whatever is under way. NULL does nothing.
void scan_target_destroy(struct scan_target *t);

#endif
