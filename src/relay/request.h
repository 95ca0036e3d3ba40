// SPDX-License-Identifier: ISC
// What was sent, as a server of HTTP/1 reads it (RFC 9112): many servers and most proxies take the
// end of the stream behind a request for the wish to have no answer.
#ifndef SOCKCTL_RELAY_REQUEST_H
#define SOCKCTL_RELAY_REQUEST_H

#include "base/str.h"
#include "relay/head.h"

#include <stddef.h>

#define REQUEST_MOST HEAD_MOST // bytes, its body included; what is longer is not looked at

enum request_kind {
	REQUEST_NONE, // no request, more than one, or a part of one
	REQUEST_LAST, // one request; the server ends the connection after its answer
	REQUEST_OPEN, // one request; the server may wait for another
	REQUEST_OPEN_HEAD, // the same, with an answer that has no body
};

// Judges a whole input, all of its bytes at once. A request has its head and no body, or as many
// bytes of it as Content-Length says; one in chunks is none here. Lines may end without a carriage
// return, and empty ones around a request are ignored (RFC 9112, section 2.2).
enum request_kind request_judge(const char *data, size_t len);

// A copy of what is sent, for the judgement at its end. Adding frees it and makes it NULL once it
// has become longer than REQUEST_MOST; freeing NULL does nothing.
struct str *request_text_create(void);
void request_text_add(struct str **text, const void *data, size_t len);
void request_text_free(struct str **text);

#endif
