// SPDX-License-Identifier: ISC
// The authorities that a certificate may come from, and what they have revoked.
//
// The system's authorities are looked for one by one in its hash directory, which costs nothing
// until a chain asks for one, and only then in its bundle, which takes 20 ms to read. Where
// handshakes happen in the sandbox everything is read at once.
#ifndef SOCKCTL_TLS_TRUST_H
#define SOCKCTL_TLS_TRUST_H

#include "base/str.h"
#include "base/strlist.h"
#include "tls/library.h"

#include <stdbool.h>

struct trust {
	X509_STORE *store; // the context's
	bool has_system; // the system's authorities are trusted
	bool bundle_is_read;
	bool has_revocations;
	size_t count; // certificates read from files
};

// Fills the store of CTX with what the words name: files, directories, "system"; none: the
// system's. IS_WHOLE: nothing is left to be read later. Returns 0, or a negative errno with a line
// in ERR.
int trust_init(
	struct trust *t, SSL_CTX *ctx, const struct strlist *words, bool is_whole, struct str *err);

// Adds the files and directories that WORDS stand for, as trust_init() reads them.
void trust_add_files(const struct trust *t, const struct strlist *words, struct strlist *files);

// Adds "NAME=PATH" for each variable of the environment that says where the system's authorities
// are, with ", " between them; nothing if these are not trusted.
void trust_add_environment(const struct trust *t, struct str *s);

// Adds the lists of revoked certificates in these files. Returns as above.
int trust_add_revocations(struct trust *t, const struct strlist *files, struct str *err);

// Reads the system's bundle if that was put off. Returns true if the store may know more now.
bool trust_read_bundle(struct trust *t);

// True if the system has no authorities at all.
bool trust_is_empty(const struct trust *t);

// Adds "FILE: why" for a file that cannot be read. Returns R.
int trust_cannot_read(struct str *err, const char *path, int r);

#endif
