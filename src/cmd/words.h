// SPDX-License-Identifier: ISC
// The words that complete a command line: what the completion scripts of the shells ask for.
#ifndef SOCKCTL_CMD_WORDS_H
#define SOCKCTL_CMD_WORDS_H

#include "base/str.h"

// Adds a line "WORD<TAB>DESCRIPTION" for each word that can come next after WORDS[0..COUNT): the
// commands after none; the options of a command and what its operands can be after a command; the
// values of an option after a command and "--option". A line ":KIND" asks the shell for words of
// that kind (file, host, interface, address), which it knows best.
void cmd_words(int count, char **words, struct str *out);

#endif
