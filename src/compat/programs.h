// SPDX-License-Identifier: ISC
// The programs whose command lines are known.
#ifndef SOCKCTL_COMPAT_PROGRAMS_H
#define SOCKCTL_COMPAT_PROGRAMS_H

#include "cli/opt.h"

// The table of the dialect that a command line is for: argv[0] names the program, or is sockctl's
// with the command after it. *argc and *argv are what is to be parsed. NULL if it is for none; then
// ERR may say what is wrong.
const struct cmd *compat_find(int *argc, char ***argv, struct str *err);

#endif
