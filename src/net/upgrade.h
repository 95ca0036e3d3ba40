// SPDX-License-Identifier: ISC
// What happens on a connected socket before it is joined to anything: headers, the dialogue with a
// proxy, TLS. Each is a step of a chain, and may put another channel in the place of the one that
// it was given. On a dialled connection the chain belongs to the try, so that its limits, the next
// address and the next try cover it; on an accepted one it runs while the client is arriving.
#ifndef SOCKCTL_NET_UPGRADE_H
#define SOCKCTL_NET_UPGRADE_H

#include "base/str.h"
#include "io/channel.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define UPGRADE_MOST 20 // steps of a chain

enum upgrade_failure {
	UPGRADE_OK,
	UPGRADE_LOCAL, // something here failed
	UPGRADE_UNREACHABLE, // what lies behind the peer was refused or cannot be reached
	UPGRADE_TIMEOUT, // the peer did not say what it should in time
	UPGRADE_BROKEN, // the peer ended or reset the connection in the middle
	UPGRADE_REFUSED, // the peer, a proxy, refused
	UPGRADE_TLS, // certificate or protocol
	UPGRADE_INVALID, // the peer said something else than it should have
	UPGRADE_NOT_FOUND, // the name of what lies behind the peer does not exist
	UPGRADE_NAME_SERVICE, // the name service could not be asked for it
};

// How an upgrade ended. Zeroed means well.
struct upgrade_outcome {
	enum upgrade_failure failure;
	int error; // negative errno that goes with it, or 0
	struct str text; // what is wrong, and what helps; escaped for a terminal. Empty: see error
	bool is_hopeless; // neither another address nor another try can help
	bool is_again; // a new connection to the same address is wanted, on which all begins anew
};

void upgrade_outcome_fini(struct upgrade_outcome *o);

// Fills in an outcome, for "return upgrade_fail(...)" in a step. TEXT may be NULL.
int upgrade_fail(
	struct upgrade_outcome *o, enum upgrade_failure failure, int error, const char *text);

// What a step says, beside WATCH_READ and WATCH_WRITE (or both): what it waits for.
enum upgrade_step {
	UPGRADE_DONE = 0,
	UPGRADE_FAILED = -1, // the outcome tells
	UPGRADE_WAIT = 1 << 8, // for something of its own, which upgrade_chain_resume() ends
};

struct upgrade_chain;

struct upgrade_kind {
	const char *name; // for messages: "the PROXY header"
	uint64_t limit_ms; // of this step alone; 0: none

	// The state of one run on a channel. ARG is the plan's.
	void *(*create)(void *arg);

	// Tells the chain to a step that may say UPGRADE_WAIT. May be NULL.
	void (*attach)(void *state, struct upgrade_chain *c);

	// Does what can be done now, and is called again when what it waits for is there. Bytes
	// behind its own stay with the socket. It may replace *CHANNEL, which it has then taken
	// over.
	int (*step)(void *state, struct channel **channel, struct upgrade_outcome *outcome);

	void (*destroy)(void *state);
};

// One step that is wanted.
struct upgrade {
	const struct upgrade_kind *kind;
	void *arg; // of the owner; must outlive the chain
};

// Called once, when the last step is done or one has failed, as upgrade_chain_outcome() tells. The
// callback may destroy the chain.
typedef void upgrade_fn(struct upgrade_chain *c, void *data);

struct upgrade_options {
	uv_loop_t *loop;
	const struct upgrade *plan; // the steps, which are copied
	size_t count; // UPGRADE_MOST at most
	uint64_t limit_ms; // for all of them; 0: none
	upgrade_fn *done;
	void *data; // for it
};

// Takes over CHANNEL.
struct upgrade_chain *upgrade_chain_create(
	struct channel *channel, const struct upgrade_options *options);

// Takes the first steps. Returns true if the chain has come to its end; then it does not call back.
bool upgrade_chain_start(struct upgrade_chain *c);

// What a step said UPGRADE_WAIT for is there. Never called from within a step.
void upgrade_chain_resume(struct upgrade_chain *c);

const struct upgrade_outcome *upgrade_chain_outcome(const struct upgrade_chain *c);

// Steps that are done.
size_t upgrade_chain_steps(const struct upgrade_chain *c);

// The channel at the end of the chain, which is the caller's now: after a failure as well, for an
// end in order.
struct channel *upgrade_chain_take(struct upgrade_chain *c);

// Closes the channel, if it was not taken, with a reset. NULL does nothing.
void upgrade_chain_destroy(struct upgrade_chain *c);

#endif
