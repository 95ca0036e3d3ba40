// SPDX-License-Identifier: ISC
// The options that do not go with seqpacket:PATH, for each command that takes it.
#ifndef SOCKCTL_OPTS_ENDS_SEQPACKET_H
#define SOCKCTL_OPTS_ENDS_SEQPACKET_H

#include "base/str.h"
#include "net/addr/endpoint.h"

#include <stdbool.h>
#include <stddef.h>

struct seqpacket_option {
	const char *name;
	bool is_given;
};

// Refuses the first option that is given if ENDPOINT is one of messages. Returns 0, or -EINVAL with
// the reason in ERR.
int seqpacket_check(const struct endpoint *endpoint, const struct seqpacket_option *options,
	size_t count, struct str *err);

#endif
