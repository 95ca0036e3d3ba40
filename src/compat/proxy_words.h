// SPDX-License-Identifier: ISC
// A proxy as other programs are told of it, in several words, and here in one URL.
#ifndef SOCKCTL_COMPAT_PROXY_WORDS_H
#define SOCKCTL_COMPAT_PROXY_WORDS_H

#include "compat/cmdline.h"

struct proxy_words {
	const char *address; // HOST, HOST:PORT, IPv6 also bare
	const char *scheme;
	int port; // where the address has none
	const char *auth; // USER or USER:PASSWORD, or NULL
};

// Adds --proxy with its URL, in which the password is never shown.
void cmdline_add_proxy(struct cmdline *out, const struct proxy_words *p);

#endif
