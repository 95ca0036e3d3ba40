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
const char *cmd_nearest(const char *name); // the command that was probably meant, or NULL

#endif
