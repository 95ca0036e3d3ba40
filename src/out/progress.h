// SPDX-License-Identifier: ISC
// How far a transfer has come, in one line.
#ifndef SOCKCTL_OUT_PROGRESS_H
#define SOCKCTL_OUT_PROGRESS_H

#include "base/str.h"

#include <stdint.h>

struct progress {
	uint64_t sent, received; // bytes so far
	uint64_t total; // bytes that will be sent in all; 0 if nobody knows
	uint64_t elapsed; // ns
};

// Adds "12.3 MiB sent, 0 B received, 45.2 MiB/s, 37%, 0:12 left".
void progress_add(struct str *out, const struct progress *p);

// Adds a number of bytes for people: "512 B", "12.3 MiB".
void str_add_bytes(struct str *out, double bytes);

#endif
