// SPDX-License-Identifier: ISC
// Decoding UTF-8 (RFC 3629) from bytes that may be anything.
#ifndef SOCKCTL_BASE_UTF8_H
#define SOCKCTL_BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Decodes the first character of LEN bytes. Returns how many bytes it takes, or 0 if they are no
// well-formed UTF-8: overlong forms, surrogates and codes over U+10FFFF are refused.
size_t utf8_decode(const unsigned char *p, size_t len, uint32_t *code);

// True for characters that steer a terminal, reorder a line or cannot be seen: C0, DEL, C1, line
// and paragraph separators, the bidirectional controls of Unicode (UAX 9), and what has no shape of
// its own (Default_Ignorable_Code_Point), but for joiners and selectors of variants.
bool utf8_is_unsafe(uint32_t code);

#endif
