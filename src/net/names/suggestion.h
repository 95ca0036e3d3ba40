// SPDX-License-Identifier: ISC
// The name of a database that was probably meant by one that it does not have.
#ifndef SOCKCTL_NET_NAMES_SUGGESTION_H
#define SOCKCTL_NET_NAMES_SUGGESTION_H

#include "base/nearest.h"

struct suggestion {
	struct nearest near;
	char *best; // owned: entries last for the time of a call; NULL: nothing is near
};

// Looks for what is near to the first LEN bytes of WORD, which is borrowed.
void suggestion_init(struct suggestion *s, const char *word, size_t len);
void suggestion_fini(struct suggestion *s);

// Takes a name of the database and its other names, NULL-terminated, into account.
void suggestion_offer(struct suggestion *s, const char *name, char *const *aliases);

// Offer all names of a database. Return how many entries there were, or a negative errno if it
// could not be read to its end.
int services_suggest(struct suggestion *s);
int protocols_suggest(struct suggestion *s);

#endif
