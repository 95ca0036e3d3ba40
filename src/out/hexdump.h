// SPDX-License-Identifier: ISC
// Bytes on the wire for people: direction, time, offset, hex and text.
#ifndef SOCKCTL_OUT_HEXDUMP_H
#define SOCKCTL_OUT_HEXDUMP_H

#include "base/str.h"
#include "out/colour.h"

#include <stdint.h>

// One direction of one connection.
struct hexdump {
	char direction; // '>' sent, '<' received
	enum colour colour;
	uint64_t offset; // of the next byte in its stream
};

// Adds a header line (direction, time of day, length) and a line for every 16 bytes.
void hexdump_add(struct hexdump *h, struct str *out, const void *data, size_t len);

#endif
