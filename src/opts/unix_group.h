// SPDX-License-Identifier: ISC
// --group: the group that the file of a Unix socket is given to.
#ifndef SOCKCTL_OPTS_UNIX_GROUP_H
#define SOCKCTL_OPTS_UNIX_GROUP_H

#include "base/str.h"

#include <stdint.h>
#include <sys/types.h>

struct unix_group {
	const char *word; // a name or a number; NULL: not given
	gid_t id; // filled in by unix_group_check()
};

#define UNIX_GROUP_MODE 0660 // of a socket that is given to a group, unless the user says it
#define UNIX_GROUP_OPTION(at) \
	{ \
		"group", 0, OPT_STRING, at, "GROUP", \
			"group of the Unix socket, whose members may connect (mode 0660)", \
			.words = "group" \
	}

// Returns 0, or -EINVAL with the reason in ERR.
int unix_group_check(struct unix_group *g, struct str *err);

// NULL: as the system has it.
const gid_t *unix_group_id(const struct unix_group *g);

#endif
