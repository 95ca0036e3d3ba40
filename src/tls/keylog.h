// SPDX-License-Identifier: ISC
// The file that the secrets of connections are appended to, for Wireshark.
#ifndef SOCKCTL_TLS_KEYLOG_H
#define SOCKCTL_TLS_KEYLOG_H

#include "base/str.h"

struct keylog;

// Opens PATH, which must be ours and readable by nobody else, or makes it with mode 0600. Returns
// 0, or a negative errno with a line in ERR.
int keylog_open(struct keylog **log, const char *path, struct str *err);

// Another user of LOG, which may be NULL. Returns it.
struct keylog *keylog_share(struct keylog *log);

// A user is gone; the last one closes it. LOG may be NULL.
void keylog_release(struct keylog *log);

// Opens the path again: it may have been renamed. Returns 0, or a negative errno with a line in
// ERR; then it is as before.
int keylog_reopen(struct keylog *log, struct str *err);

const char *keylog_path(const struct keylog *log);

// Appends the line in one write, so that those of other processes do not mix with it.
void keylog_add(const struct keylog *log, const char *line);

#endif
