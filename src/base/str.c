// SPDX-License-Identifier: ISC
#include "base/str.h"

#include "base/mem.h"
#include "base/utf8.h"
#include "base/util.h"

#include <assert.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SHOWN_OF_WORD 64 // characters
#define LONGEST_NAME 320 // a host's with its port, a service and a scheme
#define WIDTH 80 // columns
#define PIECE 1024 // bytes
#define USUAL_FORMATTED 64 // bytes for which formatting once is enough

void str_fini(struct str *s)
{
	free(s->data);
	*s = (struct str){0};
}

void str_wipe(struct str *s)
{
	if (s->data)
		explicit_bzero(s->data, s->size);
	str_fini(s);
}

void str_clear(struct str *s)
{
	s->len = 0;
	if (s->data)
		s->data[0] = '\0';
}

const char *str_c(const struct str *s)
{
	return s->data ? s->data : "";
}

void str_drop(struct str *s, size_t n)
{
	assert(n <= s->len);
	if (!n)
		return;
	s->len -= n;
	memmove(s->data, s->data + n, s->len + 1);
}

void str_reserve(struct str *s, size_t more)
{
	size_t need = s->len + more + 1;

	if (need <= s->size)
		return;
	s->size = MAX(need, s->size * 2);
	s->data = xrealloc(s->data, s->size);
	s->data[s->len] = '\0';
}

// In pieces that the C library moves with vectors: see xmalloc_pages() about "rep movsb", which the
// compiler would put in the place of a memcpy() of so little.
static void copy(char *to, const char *from, size_t len)
{
	for (size_t n; len; to += n, from += n, len -= n) {
		n = MIN(len, PIECE);
		memmove(to, from, n);
	}
}

void str_addn(struct str *s, const void *data, size_t len)
{
	assert(len <= PTRDIFF_MAX); // no object is larger, which the compiler does not see
	if (!len)
		return;
	str_reserve(s, len);
	copy(s->data + s->len, data, len);
	s->len += len;
	s->data[s->len] = '\0';
}

void str_add(struct str *s, const char *text)
{
	str_addn(s, text, strlen(text));
}

void str_addc(struct str *s, char c)
{
	str_reserve(s, 1);
	s->data[s->len++] = c;
	s->data[s->len] = '\0';
}

void str_add_repeated(struct str *s, char c, size_t count)
{
	str_reserve(s, count);
	memset(s->data + s->len, c, count);
	s->len += count;
	s->data[s->len] = '\0';
}

void str_vaddf(struct str *s, const char *fmt, va_list ap)
{
	va_list again;

	str_reserve(s, USUAL_FORMATTED);
	va_copy(again, ap);
	int len = vsnprintf(s->data + s->len, s->size - s->len, fmt, again);
	va_end(again);
	if (len <= 0) {
		s->data[s->len] = '\0';
		return;
	}
	if ((size_t)len >= s->size - s->len) {
		str_reserve(s, (size_t)len);
		vsnprintf(s->data + s->len, (size_t)len + 1, fmt, ap);
	}
	s->len += (size_t)len;
}

void str_addf(struct str *s, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	str_vaddf(s, fmt, ap);
	va_end(ap);
}

void str_add_uint(struct str *s, uint64_t number)
{
	char digits[20];
	size_t start = sizeof(digits);

	do
		digits[--start] = (char)('0' + number % 10);
	while (number /= 10);
	str_addn(s, digits + start, sizeof(digits) - start);
}

// What messages count.
static const char *const nouns[][2] = {{"bytes", "byte"}, {"datagrams", "datagram"},
	{"connections", "connection"}, {"messages", "message"}, {"tries", "try"},
	{"answers", "answer"}, {"replies", "reply"}, {"requests", "request"}};

size_t str_add_singular(struct str *s, const char *text)
{
	size_t blank = *text == ' ';
	size_t len = strspn(text + blank, "abcdefghijklmnopqrstuvwxyz");

	for (size_t i = 0; i < ARRAY_SIZE(nouns); i++) {
		if (strlen(nouns[i][0]) != len || strncmp(text + blank, nouns[i][0], len) != 0)
			continue;
		str_addn(s, text, blank);
		str_add(s, nouns[i][1]);
		len += blank;
		if (strncmp(text + len, " are ", 5) != 0)
			return len;
		str_add(s, " is ");
		return len + 5;
	}
	return 0;
}

void str_add_count(struct str *s, uint64_t number, const char *plural)
{
	str_add_uint(s, number);
	str_addc(s, ' ');
	if (number != 1 || !str_add_singular(s, plural))
		str_add(s, plural);
}

void str_add_error(struct str *s, int error)
{
	const char *name = strerrorname_np(-error);

	str_add(s, strerror(-error));
	if (name)
		str_addf(s, " (%s)", name);
}

void str_pad(struct str *s, size_t column)
{
	if (s->len < column)
		str_add_repeated(s, ' ', column - s->len);
}

static size_t line_length(const struct str *s)
{
	const char *newline = s->len ? memrchr(s->data, '\n', s->len) : NULL;

	return newline ? (size_t)(s->data + s->len - newline - 1) : s->len;
}

void str_add_wrapped(struct str *s, size_t column, const char *text)
{
	const char *blank = "";
	size_t used = line_length(s);

	for (text += strspn(text, " "); *text; text += strspn(text, " ")) {
		size_t len = MIN(strcspn(text, " "), WIDTH - column);

		if (*blank && used + 1 + len > WIDTH) {
			str_addc(s, '\n');
			str_add_repeated(s, ' ', column);
			used = column;
			blank = "";
		}
		str_add(s, blank);
		str_addn(s, text, len);
		used += strlen(blank) + len;
		text += len;
		blank = " ";
	}
	str_addc(s, '\n');
}

static void add_hex_bytes(struct str *s, const unsigned char *p, size_t len)
{
	for (size_t i = 0; i < len; i++)
		str_addf(s, "\\x%02x", p[i]);
}

// How many bytes from P on are plain ASCII, which passes as it is.
static size_t plain_length(const unsigned char *p, const unsigned char *end)
{
	const unsigned char *start = p;

	while (p < end && *p >= ' ' && *p < 0x7f && *p != '\\')
		p++;
	return (size_t)(p - start);
}

void str_add_escaped(struct str *s, const void *data, size_t len)
{
	const unsigned char *p = data;
	const unsigned char *end = p + len;

	while (p < end) {
		uint32_t code;
		size_t n = plain_length(p, end);

		str_addn(s, p, n);
		p += n;
		if (p == end)
			break;
		n = utf8_decode(p, (size_t)(end - p), &code);
		if (n == 0)
			add_hex_bytes(s, p, n = 1);
		else if (code == '\\')
			str_add(s, "\\\\");
		else if (code == '\n')
			str_add(s, "\\n");
		else if (code == '\r')
			str_add(s, "\\r");
		else if (code == '\t')
			str_add(s, "\\t");
		else if (utf8_is_unsafe(code))
			add_hex_bytes(s, p, n);
		else
			str_addn(s, p, n);
		p += n;
	}
}

void str_add_word(struct str *s, const char *word, size_t len)
{
	const unsigned char *p = (const unsigned char *)word;
	size_t shown = 0;
	uint32_t code;

	for (int i = 0; i < SHOWN_OF_WORD && shown < len; i++)
		shown += MAX(utf8_decode(p + shown, len - shown, &code), (size_t)1);
	str_add_escaped(s, word, shown);
	if (shown < len)
		str_addf(s, "… (%zu bytes)", len);
}

void str_add_object(struct str *s, const char *object)
{
	size_t len = strlen(object);
	size_t usual = strchr(object, '/') ? PATH_MAX : LONGEST_NAME;

	if (len <= usual)
		str_add_escaped(s, object, len);
	else
		str_add_word(s, object, len);
}
