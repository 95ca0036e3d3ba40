// SPDX-License-Identifier: ISC
// Text that fits the columns of a terminal: wrapped at blanks; a word that is longer is cut.
#ifndef SOCKCTL_OUT_FIT_H
#define SOCKCTL_OUT_FIT_H

#include "out/colour.h"

#include <stdbool.h>
#include <stddef.h>

// The columns that text takes on a terminal; wide characters take two.
size_t fit_width(const char *text, size_t len);

// Adds text that begins in column START, counted from 0, and takes at most ROOM columns of a line;
// further lines begin in the same column. A word that is too long loses its middle, where "…"
// stands; the port at its end stays. Does it have to be WHOLE, it goes on in the next line.
void str_add_fitted(struct str *s, enum colour colour, const char *text, size_t len, size_t start,
	size_t room, bool whole);

// Adds the text of --help, which is made for 80 columns, for a terminal of WIDTH columns, and as it
// is if WIDTH is 0 or at least 80. What describes an option or a command comes below it there.
void str_add_narrow_help(struct str *s, const char *text, size_t width);

#endif
