// SPDX-License-Identifier: ISC
// A string that grows. A zeroed struct str is an empty one; str_fini() makes it empty again.
#ifndef SOCKCTL_BASE_STR_H
#define SOCKCTL_BASE_STR_H

#include "base/util.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct str {
	char *data; // NUL-terminated once anything was added; NULL before
	size_t len; // bytes, without the NUL
	size_t size;
};

void str_fini(struct str *s);
void str_clear(struct str *s); // keeps the memory

// As str_fini(), but overwrites the text first. Growing leaves copies behind: what will hold a
// secret gets its room by str_reserve() before.
void str_wipe(struct str *s);

const char *str_c(const struct str *s); // never NULL

void str_drop(struct str *s, size_t n); // takes the first N bytes away
void str_reserve(struct str *s, size_t more);
void str_add(struct str *s, const char *text);
void str_addn(struct str *s, const void *data, size_t len);
void str_addc(struct str *s, char c);
void str_add_repeated(struct str *s, char c, size_t count);
void str_addf(struct str *s, const char *fmt, ...) attr_printf(2, 3);
void str_vaddf(struct str *s, const char *fmt, va_list ap) attr_printf(2, 0);
void str_add_uint(struct str *s, uint64_t number); // in decimal
// Adds "1 byte" or "2 bytes"; PLURAL is the word.
void str_add_count(struct str *s, uint64_t number, const char *plural);

// For what stands behind the number 1: adds the singular of the first word of TEXT, "byte" for
// "bytes", after its blank, and "is" for an "are" that follows. Returns how many bytes of TEXT that
// is, 0 for a word that has no such form.
size_t str_add_singular(struct str *s, const char *text);
void str_add_error(struct str *s, int error); // negative errno: "Connection refused (ECONNREFUSED)"
void str_pad(struct str *s, size_t column); // spaces until len is at least column

// Adds words to a line that may have begun, and ends it. What goes beyond 80 columns continues in
// new lines, which begin with COLUMN spaces; a word that is too long for a line is cut.
void str_add_wrapped(struct str *s, size_t column, const char *text);

// Adds LEN bytes that nobody vouches for so that a terminal shows them and obeys none of them:
// printable UTF-8 passes; control characters (C0, DEL, C1), bidirectional overrides, what
// cannot be seen, invalid bytes and the backslash become \n, \r, \t, \\ or \xNN.
void str_add_escaped(struct str *s, const void *data, size_t len);

// The same for a word that a message quotes: at most 64 characters of it, then "… (N bytes)".
void str_add_word(struct str *s, const char *word, size_t len);

// The same for what a message is about, which is shortened so only where it is longer than the name
// of a host or a file can be.
void str_add_object(struct str *s, const char *object);

#endif
