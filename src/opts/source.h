// SPDX-License-Identifier: ISC
// The address and port of ours that something is sent from: --bind and --source-port.
#ifndef SOCKCTL_OPTS_SOURCE_H
#define SOCKCTL_OPTS_SOURCE_H

#include "base/sockaddr.h"
#include "base/str.h"

#include <stdbool.h>
#include <stdint.h>

struct source_words {
	const char *bind; // NULL: not given
	uint64_t *port; // 0: not given; that of a --bind without an address
	bool ipv4, ipv6; // the only family that is wanted
	bool may_be_unix; // unix:PATH will do as well
};

// Finds the address that the words name, len 0 for none; a port that is given alone stays in
// *port. Returns 0, or -EINVAL with the reason in ERR.
int source_check(const struct source_words *words, struct sockaddr_any *a, struct str *err);

#endif
