// SPDX-License-Identifier: ISC
#include "base/utf8.h"

#include "base/util.h"

// The length that a first byte announces, its payload bits, and the least code of that length.
static size_t first_byte(unsigned char c, uint32_t *bits, uint32_t *least)
{
	if (c < 0x80) {
		*bits = c;
		*least = 0;
		return 1;
	}
	if (c >= 0xc2 && c < 0xe0) {
		*bits = c & 0x1f;
		*least = 0x80;
		return 2;
	}
	if (c >= 0xe0 && c < 0xf0) {
		*bits = c & 0x0f;
		*least = 0x800;
		return 3;
	}
	if (c >= 0xf0 && c < 0xf5) {
		*bits = c & 0x07;
		*least = 0x10000;
		return 4;
	}
	return 0;
}

size_t utf8_decode(const unsigned char *p, size_t len, uint32_t *code)
{
	uint32_t bits = 0;
	uint32_t least = 0;
	size_t n = len ? first_byte(p[0], &bits, &least) : 0;

	if (n == 0 || n > len)
		return 0;
	for (size_t i = 1; i < n; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
		bits = bits << 6 | (p[i] & 0x3f);
	}
	if (bits < least || bits > 0x10ffff || (bits >= 0xd800 && bits <= 0xdfff))
		return 0;
	*code = bits;
	return n;
}

bool utf8_is_unsafe(uint32_t code)
{
	static const struct {
		uint32_t first, last;
	} unsafe[] = {
		{0, 0x1f}, {0x7f, 0x9f}, {0xad, 0xad}, // soft hyphen
		{0x61c, 0x61c}, {0x115f, 0x1160}, // fillers, here and below
		{0x17b4, 0x17b5}, {0x180e, 0x180e}, // vowels without a shape
		{0x200b, 0x200b}, // no width; joiners (U+200C, U+200D) belong to scripts
		{0x200e, 0x200f}, {0x2028, 0x202e},
		{0x2060, 0x206f}, // word joiner, invisible operators, isolates, deprecated controls
		{0x3164, 0x3164}, {0xfeff, 0xfeff}, {0xffa0, 0xffa0},
		{0xfff0, 0xfffb}, // reserved, annotations
		{0x1bca0, 0x1bca3}, {0x1d173, 0x1d17a}, // controls of shorthand and music
		{0xe0000, 0xe00ff}, {0xe01f0, 0xe0fff}, // tags, reserved
	};

	for (size_t i = 0; i < ARRAY_SIZE(unsafe); i++)
		if (code <= unsafe[i].last)
			return code >= unsafe[i].first;
	return false;
}
