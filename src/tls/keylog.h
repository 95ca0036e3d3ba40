// SPDX-License-Identifier: ISC
// The file that the secrets of connections are appended to, for Wireshark.
#ifndef SOCKCTL_TLS_KEYLOG_H
#define SOCKCTL_TLS_KEYLOG_H

#include "base/str.h"

// Opens PATH, which must be ours and readable by nobody else, or makes it with mode 0600. Returns a
// descriptor, or a negative errno with a line in ERR.
int keylog_open(const char *path, struct str *err);

// Appends the line in one write, so that those of other processes do not mix with it.
void keylog_add(int fd, const char *line);

#endif
