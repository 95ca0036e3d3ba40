// SPDX-License-Identifier: ISC
// Bytes as hexadecimal text, written and read by the same rules: pairs of digits, and dumps:
//
//	00000000: 68 65 6c 6c 6f 20 77 6f  72 6c 64 0a              |hello world.|
//	0000000c:
//
// A dump ends with a line that has nothing but the offset of its end.
#ifndef SOCKCTL_BASE_HEX_H
#define SOCKCTL_BASE_HEX_H

#include "base/str.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/uio.h>

void str_add_hex(struct str *s, const void *data, size_t len); // "68656c6c6f"

// How many bytes stand in a line of a dump on a terminal of COLUMNS, or anywhere if that is 0.
size_t hex_dump_width(size_t columns);

// A whole dump with its last line, and WIDTH bytes in each other line.
void str_add_hex_dump(struct str *s, const void *data, size_t len, size_t width);

// Decodes digits in pairs, with blanks between the pairs if they like. DST has room for len / 2
// bytes and may be TEXT itself. Returns 0 and sets *n, or -EINVAL.
int hex_decode(void *dst, size_t *n, const char *text, size_t len);

// The same as people write bytes: also 52:54:00:12:34:56 and 0x5254.
int hex_decode_loose(void *dst, size_t *n, const char *text, size_t len);

// True if the text is a line of a dump. Sets its offset, and *digits to the digits that follow.
bool hex_dump_line(const char *text, size_t len, size_t *offset, struct iovec *digits);

#endif
