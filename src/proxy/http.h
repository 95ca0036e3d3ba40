// SPDX-License-Identifier: ISC
// The client's side of an HTTP proxy: CONNECT (RFC 9110 section 9.3.6), with credentials by the
// scheme Basic (RFC 7617) once the proxy asks for them.
#ifndef SOCKCTL_PROXY_HTTP_H
#define SOCKCTL_PROXY_HTTP_H

#include "proxy/dialogue.h"
#include "proxy/http_head.h"

struct http_connect {
	struct dialogue dialogue;

	// Private.
	struct proxy_target target;
	struct credentials credentials;
	bool *with_credentials; // the owner's
	bool sent_credentials;
	bool is_second; // the request, on the same connection
	struct http_head head; // of the answer being read
	unsigned interim; // answers 1xx that were skipped
	uint64_t body; // bytes of an answer 407 that are yet to be skipped
};

// Begins a dialogue that leads to TARGET, with the request to send; what it is given is copied, but
// for NOTES, and for WITH_CREDENTIALS: true sends them at once, and it becomes true when the proxy
// asks for them, so that the next dialogue with this proxy has them in its first request. Returns
// DIALOGUE_MORE, or DIALOGUE_FAILED for what HTTP cannot express. dialogue_fini() frees what is in
// it, also after a failure.
enum dialogue_step http_connect_init(struct http_connect *c, const struct proxy_target *target,
	const struct credentials *credentials, bool *with_credentials, struct str *notes);

#endif
