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
	size_t width; // bytes in a line
	uint64_t offset; // of the next byte in its stream
};

// For a terminal of COLUMNS, or anything else if that is 0.
void hexdump_init(struct hexdump *h, char direction, enum colour colour, size_t columns);

// Adds a header line (direction, time of day, length) and the lines.
void hexdump_add(struct hexdump *h, struct str *out, const void *data, size_t len);

#endif
