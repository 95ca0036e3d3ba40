// SPDX-License-Identifier: ISC
// --user: ports and keys that only root may have, and serving without its rights.
#ifndef SOCKCTL_OPTS_USER_H
#define SOCKCTL_OPTS_USER_H

#include "app.h"

#include <stdbool.h>
#include <sys/types.h>

struct user_config {
	const char *name; // NULL: whoever has started the program

	// Filled in by user_check().
	uid_t uid;
	gid_t gid;
};

#define USER_OPTION(at) \
	{ \
		"user", 0, OPT_STRING, at, "NAME", \
			"once it listens and keys are read, go on as this user (needs root)" \
	}

// The number of the user NAME. Returns false if there is none.
bool user_find(const char *name, uid_t *id);

// Returns 0, or -EINVAL with the reason in ERR.
int user_check(struct user_config *c, struct str *err);

// Becomes the user with its groups, for good. Returns 0, or the status after a message.
int user_become(struct app *app, const struct user_config *c);

#endif
