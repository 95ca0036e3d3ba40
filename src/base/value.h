// SPDX-License-Identifier: ISC
// The words that options take: numbers, durations, sizes, ports. Each parser accepts whole words
// only: no space, nothing left over, and no sign but where one is allowed.
#ifndef SOCKCTL_BASE_VALUE_H
#define SOCKCTL_BASE_VALUE_H

#include "base/str.h"

#include <stdint.h>

// All return 0, -EINVAL for a word of another form, or -ERANGE for one too large to hold; then the
// value stays as it was.
int parse_uint(const char *word, uint64_t *value);
int parse_int(const char *word, int64_t *value); // also -5 and 0x1f
int parse_octal(const char *word, uint64_t *value);

// 5, 0.5, 500ms, 10s, 2m, 1h, 30d; a bare number is seconds. Fractions of a millisecond are cut,
// but never down to 0, which may mean another thing: -EDOM.
int parse_duration(const char *word, uint64_t *ms);

int parse_size(const char *word, uint64_t *bytes); // 512, 64k, 1M, 2G: powers of 1024
int parse_ports(const char *word, uint16_t *low, uint16_t *high); // 80, 20-25; low <= high

// Adds "'WORD' WHY", the word escaped. Returns -EINVAL, for "return bad_word(...)".
int bad_word(struct str *err, const char *word, const char *why);

// The same for the value of an option: "OPTION: 'WORD' WHY".
int bad_value(struct str *err, const char *option, const char *word, const char *why);

#endif
