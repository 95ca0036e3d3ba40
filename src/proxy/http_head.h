// SPDX-License-Identifier: ISC
// The head of an answer in HTTP/1, from bytes that come in pieces (RFC 9112 sections 2 to 6).
#ifndef SOCKCTL_PROXY_HTTP_HEAD_H
#define SOCKCTL_PROXY_HTTP_HEAD_H

#include "base/str.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HTTP_MAX_HEAD 16384 // bytes, its empty line included

// Zeroed means that nothing was read.
struct http_head {
	struct str text; // as it came
	bool is_complete;

	// Once it is complete, or after http_head_end().
	int minor; // of the version: HTTP/1.0 or 1.1
	unsigned status; // 100 to 999
	const char *reason; // what the server says of it; points into text, like all that follows
	size_t reason_len;
	bool keeps_open; // the connection goes on behind this answer
	bool has_length; // Content-Length tells how long its body is
	uint64_t length;
	bool offers_basic; // Proxy-Authenticate: Basic
	struct str schemes; // all that it offers: "Digest, NTLM"
};

void http_head_fini(struct http_head *h);

// Takes those of LEN bytes that belong to the head, up to its empty line and no further, and says
// in *TAKEN how many. Lines may end in LF alone. Returns 1 when it is complete, 0 if more of it is
// to come, or -EPROTO with the reason in ERR: what is no answer in HTTP is refused at its first
// wrong byte, and a head of more than HTTP_MAX_HEAD bytes.
int http_head_read(
	struct http_head *h, const void *data, size_t len, size_t *taken, struct str *err);

// Nothing more comes. Returns 0 if there is at least the line with the status, or -EPROTO.
int http_head_end(struct http_head *h, struct str *err);

#endif
