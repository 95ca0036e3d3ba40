// SPDX-License-Identifier: ISC
// The file that the secrets of connections are appended to, for Wireshark.
#ifndef SOCKCTL_TLS_KEYLOG_H
#define SOCKCTL_TLS_KEYLOG_H

#include "base/str.h"
#include "base/strlist.h"

struct keylog;

// Opens PATH, which must be ours and readable by nobody else, or makes it with mode 0600. Returns
// 0; 1 if it was open already, and has another user now; or a negative errno with a line in ERR.
int keylog_open(struct keylog **log, const char *path, struct str *err);

// Another user of LOG, which may be NULL. Returns it.
struct keylog *keylog_share(struct keylog *log);

// A user is gone; the last one closes it. LOG may be NULL.
void keylog_release(struct keylog *log);

// Adds the path of each that is open, which is borrowed.
void keylogs_add(struct strlist *paths);

// Opens the path of each again, which may have been renamed, and calls back: FAILURE is NULL, or a
// line that says why the file is the one before.
typedef void keylog_reopened_fn(void *arg, const char *path, const char *failure);
void keylogs_reopen(keylog_reopened_fn *reopened, void *arg);

const char *keylog_path(const struct keylog *log);

// Appends the line in one write, so that those of other processes do not mix with it.
void keylog_add(const struct keylog *log, const char *line);

#endif
