// SPDX-License-Identifier: ISC
// The commands of the program.
#ifndef SOCKCTL_CMD_TABLE_H
#define SOCKCTL_CMD_TABLE_H

#include "cli/opt.h"

struct cmd_group {
	const char *title;
	const struct cmd *const *cmds; // NULL-terminated
};

extern const struct cmd_group cmd_groups[]; // ends with a NULL title

const struct cmd *cmd_find(const char *name); // NULL if there is none

// The same, or the command that takes the command line of another program: help has a topic of that
// name.
const struct cmd *cmd_find_typed(const char *name);

const char *cmd_nearest(const char *name); // the command that was probably meant, or NULL

#endif
