// SPDX-License-Identifier: ISC
#include "base/hex.h"

#include "base/mem.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define MAX_OFFSET_DIGITS 8
#define DUMP_WIDTH 16 // bytes in a line
#define DUMP_COLUMNS 79 // that a line with as many takes
#define DUMP_COLUMNS_HALF 48 // and one with half of them

static const char hex_digits[] = "0123456789abcdef";

static int value_of(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

static char *put_byte(char *to, unsigned char byte)
{
	*to++ = hex_digits[byte >> 4];
	*to++ = hex_digits[byte & 0x0f];
	return to;
}

void str_add_hex(struct str *s, const void *data, size_t len)
{
	const unsigned char *p = data;

	str_reserve(s, 2 * len);
	for (size_t i = 0; i < len; i++)
		put_byte(s->data + s->len + 2 * i, p[i]);
	s->len += 2 * len;
	s->data[s->len] = '\0';
}

size_t hex_dump_width(size_t columns)
{
	if (!columns || columns >= DUMP_COLUMNS)
		return DUMP_WIDTH;
	return columns >= DUMP_COLUMNS_HALF ? DUMP_WIDTH / 2 : DUMP_WIDTH / 4;
}

// One line for up to WIDTH bytes, newline included; OFFSET is that of the first.
static void add_dump_line(struct str *s, size_t width, size_t offset, const void *data, size_t len)
{
	const unsigned char *p = data;
	char line[128];
	char *to = line;

	str_addf(s, "%08zx:", offset);
	if (len) {
		for (size_t i = 0; i < width; i++) {
			*to++ = ' ';
			if (i == DUMP_WIDTH / 2)
				*to++ = ' ';
			if (i < len) {
				to = put_byte(to, p[i]);
			} else {
				*to++ = ' ';
				*to++ = ' ';
			}
		}
		*to++ = ' ';
		*to++ = ' ';
		*to++ = '|';
		for (size_t i = 0; i < len; i++)
			*to++ = p[i] >= ' ' && p[i] <= '~' ? (char)p[i] : '.';
		*to++ = '|';
	}
	*to++ = '\n';
	str_addn(s, line, (size_t)(to - line));
}

void str_add_hex_dump(struct str *s, const void *data, size_t len, size_t width)
{
	for (size_t i = 0; i < len; i += width)
		add_dump_line(s, width, i, (const char *)data + i, MIN(len - i, width));
	add_dump_line(s, width, len, NULL, 0);
}

// How many bytes at I are no digits of bytes: a colon between two of them, as in an Ethernet
// address, or the 0x before the first of a word.
static size_t punctuation(const char *text, size_t i, size_t len, bool is_between_bytes)
{
	bool begins = i == 0 || is_blank(text[i - 1]);

	if (!is_between_bytes || i + 2 >= len || value_of(text[i + 2]) < 0)
		return 0;
	if (text[i] == ':' && !begins && text[i - 1] != ':' && value_of(text[i + 1]) >= 0)
		return 1;
	return begins && text[i] == '0' && (text[i + 1] | 0x20) == 'x' ? 2 : 0;
}

int hex_decode_loose(void *dst, size_t *n, const char *text, size_t len)
{
	char *rest = xmalloc(len + 1);
	size_t count = 0;
	size_t digits = 0;
	int r;

	for (size_t i = 0; i < len; i++) {
		i += punctuation(text, i, len, digits % 2 == 0);
		digits += !is_blank(text[i]);
		rest[count++] = text[i];
	}
	r = hex_decode(dst, n, rest, count);
	free(rest);
	return r;
}

int hex_decode(void *dst, size_t *n, const char *text, size_t len)
{
	unsigned char *to = dst;
	size_t i = 0;

	while (i < len) {
		if (is_blank(text[i])) {
			i++;
			continue;
		}
		int high = value_of(text[i]);
		int low = i + 1 < len ? value_of(text[i + 1]) : -1;

		if (high < 0 || low < 0)
			return -EINVAL;
		*to++ = (unsigned char)(high << 4 | low);
		i += 2;
	}
	*n = (size_t)(to - (unsigned char *)dst);
	return 0;
}

bool hex_dump_line(const char *text, size_t len, size_t *offset, struct iovec *digits)
{
	size_t value = 0;
	size_t i = 0;

	while (i < len && i < MAX_OFFSET_DIGITS && value_of(text[i]) >= 0)
		value = value << 4 | (size_t)value_of(text[i++]);
	if (i == 0 || i == len || text[i] != ':')
		return false;
	i++;
	if (i < len && value_of(text[i]) >= 0) // colons between bytes, as in 52:54:00:12:34:56
		return false;

	const char *bar = memchr(text + i, '|', len - i);

	*offset = value;
	*digits = (struct iovec){(void *)(text + i), (bar ? (size_t)(bar - text) : len) - i};
	return true;
}
