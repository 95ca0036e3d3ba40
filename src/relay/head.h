// SPDX-License-Identifier: ISC
// The head of a message of HTTP/1 (RFC 9112): what requests and answers have in common. Lines may
// end without a carriage return (section 2.2).
#ifndef SOCKCTL_RELAY_HEAD_H
#define SOCKCTL_RELAY_HEAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HEAD_MOST (16 * 1024) // bytes; nobody's head is longer

// A part of a text, which has no end of its own.
struct head_part {
	const char *at;
	size_t len;
};

// What the fields say.
struct head {
	bool closes, keeps; // options of Connection
	bool has_length;
	uint64_t length; // of the body
	bool has_coding; // Transfer-Encoding
	bool is_chunked; // and that is chunked alone
};

// Take a line with its end, or what stands before the first SEPARATOR with that, off the text.
// Return false if the text has none.
bool head_take_line(struct head_part *text, struct head_part *line);
bool head_take_until(struct head_part *text, char separator, struct head_part *before);

// A token of RFC 9110, section 5.6.2.
bool head_is_token(struct head_part p);

// Takes the fields and the empty line after them off the text. False if one is bad, if there are
// several lengths, or if the empty line is missing.
bool head_take_fields(struct head_part *text, struct head *h);

#endif
