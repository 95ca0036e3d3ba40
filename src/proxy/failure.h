// SPDX-License-Identifier: ISC
// What a proxy did not do, as it is reported to the user.
#ifndef SOCKCTL_PROXY_FAILURE_H
#define SOCKCTL_PROXY_FAILURE_H

#include "base/str.h"

#include <stdbool.h>

// Each has its exit status.
enum proxy_fault {
	PROXY_NO_FAULT,
	PROXY_USAGE, // its protocol cannot express what was asked for
	PROXY_TARGET, // it could not connect to the target: refused or unreachable
	PROXY_TIMEOUT, // it waited for the target in vain
	PROXY_BROKEN, // it ended or reset the connection in the dialogue
	PROXY_REFUSED, // it refused, or what answers speaks another protocol
};

// Zeroed means none.
struct proxy_failure {
	enum proxy_fault fault;
	bool hopeless; // the same request cannot succeed: credentials, rules, a wrong protocol
	bool other_address; // another address of the target may be reached
	struct str text; // to follow the proxy's name and a colon; escaped for a terminal
};

void proxy_failure_fini(struct proxy_failure *f);

// Adds up to 64 bytes that came from a proxy, escaped, and "..." if there are more.
void proxy_add_words(struct str *s, const void *data, size_t len);

#endif
