// SPDX-License-Identifier: ISC
// How far an answer of HTTP/1 has come, by what it says of itself (RFC 9112, section 6).
#ifndef SOCKCTL_RELAY_ANSWER_H
#define SOCKCTL_RELAY_ANSWER_H

#include "base/str.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum answer_state {
	ANSWER_HEAD,
	ANSWER_BODY, // of the length that the head says
	ANSWER_SIZE, // of the next chunk
	ANSWER_CHUNK,
	ANSWER_CHUNK_END,
	ANSWER_TRAILER,
	ANSWER_WHOLE,
	ANSWER_UNKNOWN, // it is none, or does not say where it ends
};

struct answer {
	enum answer_state state;
	bool has_no_body; // whatever its head says: it is to a HEAD
	struct str text; // of a head or a line that is not whole
	uint64_t left; // bytes of the body or chunk
};

// To a request for a head only, or for more.
struct answer *answer_create(bool has_no_body);
void answer_destroy(struct answer *a); // NULL does nothing

// Takes the next bytes. They are hostile: at most HEAD_MOST of them are kept.
void answer_add(struct answer *a, const char *data, size_t len);

// True while it says that more is to come.
static inline bool answer_is_partial(const struct answer *a)
{
	return a->state < ANSWER_WHOLE;
}

#endif
