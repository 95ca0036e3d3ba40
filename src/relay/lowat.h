// SPDX-License-Identifier: ISC
// Receiving in large pieces: while bulk data flows, SO_RCVLOWAT tells the kernel to wake us only
// for a quarter of a mebibyte, which halves the CPU time of a transfer. A sender that pauses must
// not wait for that: when nothing was received for a moment the mark is lowered again, and it takes
// more bulk data than before to raise it.
#ifndef SOCKCTL_RELAY_LOWAT_H
#define SOCKCTL_RELAY_LOWAT_H

#include "io/timer.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LOWAT_BYTES (256 * 1024)
#define LOWAT_LARGE_READ (16 * 1024) // bytes in one turn that make it bulk data

struct lowat {
	int fd; // -1: the mark stays as it is
	const bool *blocked; // true while the receiver is the one who waits
	bool raised;
	unsigned streak; // large reads in a row
	unsigned needed; // how many of them raise the mark
	uint64_t received; // bytes so far
	uint64_t seen; // bytes when the timer ran last
	struct timer timer; // runs only while the mark is raised
};

// FD is a TCP socket, whose mark is the program's to change. *BLOCKED is true while nothing is
// received because what was cannot be passed on.
struct lowat *lowat_create(uv_loop_t *loop, int fd, const bool *blocked);

// To be told how many bytes came in one turn.
void lowat_note(struct lowat *l, size_t bytes);

// L may be NULL.
void lowat_destroy(struct lowat *l);

#endif
