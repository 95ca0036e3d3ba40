// SPDX-License-Identifier: ISC
// Entries of a database in memory, for many look-ups: the C library reads the file anew for each of
// them, also where the database was opened to stay open.
#ifndef SOCKCTL_NET_NAMES_KEPT_H
#define SOCKCTL_NET_NAMES_KEPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct kept_entry {
	char *name;
	char **aliases; // NULL-terminated
	uint32_t number; // of the port, the protocol or the network
	char *protocol; // of a service, or NULL
};

struct kept {
	struct kept_entry *entries;
	size_t count;
};

// Adds a copy. PROTOCOL may be NULL.
void kept_add(struct kept *k, const char *name, char *const *aliases, uint32_t number,
	const char *protocol);

// The first entry, as the C library would find it, with that name or alias, or that number; of any
// protocol where PROTOCOL is NULL. Returns NULL if there is none. It is owned by K.
const struct kept_entry *kept_find_name(
	const struct kept *k, const char *name, const char *protocol);
const struct kept_entry *kept_find_number(
	const struct kept *k, uint32_t number, const char *protocol);

// Frees the entries.
void kept_fini(struct kept *k);

#endif
