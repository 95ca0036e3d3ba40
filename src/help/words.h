// SPDX-License-Identifier: ISC
// The words that complete a command line: what the completion scripts of the shells ask for.
#ifndef SOCKCTL_HELP_WORDS_H
#define SOCKCTL_HELP_WORDS_H

#include "base/str.h"

// Adds a line "WORD<TAB>DESCRIPTION" for each word that can stand in the place of the last of
// WORDS[0..COUNT), which may be empty or only begun, after the others; it is the command if there
// is but one. A word that ends in '=' wants a value behind it. A line ":KIND<TAB>PREFIX" asks the
// shell for words of a kind that it knows best (file, command, host, interface, user, process), to
// be put behind PREFIX. Words that do not fit what was begun are for the shell to leave out.
void cmd_words(int count, char **words, struct str *out);

#endif
