// SPDX-License-Identifier: ISC
// Words that users of other tools type out of habit, and what to type here.
#ifndef SOCKCTL_CLI_HABITS_H
#define SOCKCTL_CLI_HABITS_H

#include "base/str.h"

#include <stdbool.h>

// The texts stand in the rows: hundreds of pointers would be put in place at each start.
struct habit {
	char commands[40]; // names with blanks between; "" for the place of the command, "*" for
			   // every command
	char word[20]; // an option, or a pattern of glob(7)
	char advice[96]; // what is to be typed is quoted
};

extern const struct habit habits[]; // ends with a row without word; the first that fits counts

// The row for the first LEN bytes of WORD on the command line of COMMAND, or NULL.
const struct habit *habit_find(const char *command, const char *word, size_t len);

// Adds "; ADVICE" to a message about such a word, if there is any. Returns whether there is.
bool habit_add_advice(struct str *err, const char *command, const char *word, size_t len);

// Refuses arguments that are a habit: adds "'WORD': ADVICE". Returns whether one was.
bool habit_refuses(struct str *err, const char *command, int argc, char **argv);

#endif
