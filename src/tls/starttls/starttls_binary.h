// SPDX-License-Identifier: ISC
// The answers of protocols whose messages are no lines.
#ifndef SOCKCTL_TLS_STARTTLS_STARTTLS_BINARY_H
#define SOCKCTL_TLS_STARTTLS_STARTTLS_BINARY_H

#include "base/str.h"

#include <stddef.h>

// What an answer is: complete, or why not.
enum answer {
	ANSWER_INCOMPLETE,
	ANSWER_GOOD,
	ANSWER_REFUSED, // the server cannot or will not
	ANSWER_BAD, // no answer of this protocol
};

// Each judges the LEN bytes at P, sets *used to those of the answer, and may add to WHY what the
// server says, escaped.
enum answer postgres_answer(const unsigned char *p, size_t len, size_t *used, struct str *why);
enum answer mysql_greeting(const unsigned char *p, size_t len, size_t *used, struct str *why);
enum answer ldap_answer(const unsigned char *p, size_t len, size_t *used, struct str *why);

// What a client asks.
extern const unsigned char postgres_request[8];
extern const unsigned char mysql_request[36];
extern const unsigned char ldap_request[31];

#endif
