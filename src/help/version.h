// SPDX-License-Identifier: ISC
// What this build is made of: "sockctl --version".
#ifndef SOCKCTL_HELP_VERSION_H
#define SOCKCTL_HELP_VERSION_H

#include "base/str.h"

// Adds lines: the version, and "libraries", "tls", "trust", "features" and "sandbox".
void str_add_version(struct str *s);

// The same as one JSON object.
void str_add_version_json(struct str *s);

#endif
