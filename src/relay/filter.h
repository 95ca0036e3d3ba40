// SPDX-License-Identifier: ISC
// What changes bytes on their way. Filters keep state between calls, so that what belongs together
// is recognised wherever the reads cut it.
#ifndef SOCKCTL_RELAY_FILTER_H
#define SOCKCTL_RELAY_FILTER_H

#include "base/str.h"

#include <stdbool.h>
#include <stddef.h>

struct filter {
	// Adds what LEN bytes become to OUT.
	void (*run)(struct filter *f, const unsigned char *data, size_t len, struct str *out);
};

// "\n" becomes "\r\n"; a "\r\n" stays what it is.
struct crlf_filter {
	struct filter filter;
	bool after_cr;
};

void crlf_filter_init(struct crlf_filter *c);

// Nothing is left of the bytes; without a state of its own.
extern struct filter discard_filter;

// Telnet as far as a program without a terminal needs it (RFC 854, RFC 855): everything that the
// peer offers or asks for is refused, and nothing of it reaches the output.
struct telnet_filter {
	struct filter filter;
	int state; // inside a command: what was read of it
	unsigned char verb; // WILL, WONT, DO or DONT
	struct str replies; // to be sent to the peer; the owner empties it
};

void telnet_filter_init(struct telnet_filter *t);
void telnet_filter_fini(struct telnet_filter *t);

// The other direction: a data byte 255 is doubled so that it is no command, after CRLF if wanted.
struct telnet_escape_filter {
	struct filter filter;
	struct crlf_filter crlf;
	bool with_crlf;
};

void telnet_escape_filter_init(struct telnet_escape_filter *t, bool with_crlf);

#endif
