// SPDX-License-Identifier: ISC
// Dialogues with proxies, fed with what a proxy would say, cut at every byte.
#ifndef SOCKCTL_TESTS_UNIT_TALK_H
#define SOCKCTL_TESTS_UNIT_TALK_H

#include "proxy/dialogue.h"

#include <stddef.h>

// What a dialogue is to become; texts are literals that may contain NUL bytes.
struct talk {
	// Makes a dialogue and begins it. The test's own state may be reset here.
	struct dialogue *(*begin)(const void *arg, enum dialogue_step *step);
	const void *arg;
	const char *said; // by the proxy
	size_t said_len;
	bool ends; // and then it ends the connection
	enum dialogue_step want;
	const char *sent; // all that is sent to it
	size_t sent_len;
	size_t left; // bytes of SAID that are not the dialogue's
	const char *failure; // its text; NULL: none
	enum proxy_fault fault;
	bool hopeless, other_address;
};

#define TALK_SAID(literal) .said = literal, .said_len = sizeof(literal) - 1
#define TALK_SENT(literal) .sent = literal, .sent_len = sizeof(literal) - 1

// Runs the dialogue once for each place where what the proxy says may be cut.
void talk_check(const struct talk *t);

#endif
