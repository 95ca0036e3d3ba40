// SPDX-License-Identifier: ISC
// How many pieces a connection receives: --count of connect, and --pieces of listen.
#ifndef SOCKCTL_OPTS_COUNT_H
#define SOCKCTL_OPTS_COUNT_H

#include "cli/opt.h"

struct count_config {
	uint64_t pieces; // to receive; 0: any
};

extern const struct opt count_opts[];
#define COUNT_GROUP(CONFIG, FIELD) \
	{ \
		"Pieces", count_opts, offsetof(struct CONFIG, FIELD) \
	}

#endif
