// SPDX-License-Identifier: ISC
// The user name and password that a proxy asks for. They are never shown, and overwritten where
// they are not needed any more.
#ifndef SOCKCTL_PROXY_CREDENTIALS_H
#define SOCKCTL_PROXY_CREDENTIALS_H

#include "base/str.h"

#include <stdbool.h>

// Zeroed means none.
struct credentials {
	char *user; // NULL: none; never holds a NUL byte otherwise
	char *password; // NULL: none was given
};

// Splits TEXT at its first colon. What was there before is freed. Returns 0, or -EINVAL with the
// reason, without TEXT, in ERR.
int credentials_parse(struct credentials *c, const char *text, size_t len, struct str *err);

// Reads the one line USER:PASSWORD of a file that nobody but its owner can read. Returns 0, or a
// negative errno with the reason in ERR; -EACCES if others can read it, -EINVAL for another form.
int credentials_load(struct credentials *c, const char *path, struct str *err);

bool credentials_given(const struct credentials *c);
void credentials_copy(struct credentials *to, const struct credentials *from);

// Overwrites and frees both.
void credentials_fini(struct credentials *c);

#endif
