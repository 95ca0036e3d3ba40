// SPDX-License-Identifier: ISC
// The ways to serve connections.
#ifndef SOCKCTL_SESSION_SERVE_H
#define SOCKCTL_SESSION_SERVE_H

#include "session/server.h"

extern const struct serve_mode serve_one; // joined to stdin and stdout
extern const struct serve_mode serve_many; // stdin to all, what all send to stdout
extern const struct serve_mode serve_broker; // joined to each other
extern const struct serve_mode serve_exec; // each joined to a program
extern const struct serve_mode serve_forward; // each joined to another endpoint

#endif
