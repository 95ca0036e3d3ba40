// SPDX-License-Identifier: ISC
// Passphrases, keys and the files beside them (certificates). Each file is opened and read once, so
// that /dev/fd/N works, and is shown in no trace. Those that hold secrets are wiped when they are
// forgotten.
#ifndef SOCKCTL_IO_SECRET_H
#define SOCKCTL_IO_SECRET_H

#include "base/str.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct secret {
	char *data; // NUL-terminated; NULL while nothing was read
	size_t len;
	size_t size;
	mode_t mode; // of the file that it came from
};

// The process serves from now on, and nothing may hold it up: what is no regular file is not read
// any more (-EINVAL), and nobody is asked (-ENXIO).
void secret_never_wait(void);

// True for "fd:N".
bool secret_is_inherited(const char *path);

// Reads the file PATH, or the descriptor N for "fd:N". Returns 0, or a negative errno: -EISDIR,
// -EFBIG beyond 64 MiB, others of open(2) and read(2).
int secret_read(struct secret *s, const char *path);

// The passphrase for OBJECT: the first line of PATH, or if that is NULL what somebody types at the
// terminal of the process, unseen. What "fd:N" has given is kept for the next time; that word is
// borrowed for good. Returns 0, -ENXIO if there is no terminal, -EINTR if the person gave up, or
// another negative errno.
int secret_read_password(struct secret *s, const char *path, const char *object);

// Wipes and frees. May be called twice.
void secret_fini(struct secret *s);

#endif
