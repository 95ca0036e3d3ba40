// SPDX-License-Identifier: ISC
#include "out/fit.h"

#include "base/utf8.h"

#include <locale.h>
#include <stdbool.h>
#include <string.h>
#include <wchar.h>

#define ELLIPSIS "\xe2\x80\xa6" // U+2026
#define LONGEST_PORT 8 // columns of ":65535" with what may follow
#define HELP_WIDTH 80 // that texts of help are made for
#define HELP_INDENT 10 // of a description that has lines of its own
#define DESCRIPTION 7 // columns from which on a line of help goes on with a description

static bool is_ascii(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)text[i] >= 0x80)
			return false;
	return true;
}

// The C library knows the width of characters only by locale, so the one that every system has is
// used for this alone; without it each character counts as one.
size_t fit_width(const char *text, size_t len)
{
	static locale_t locale;
	const unsigned char *p = (const unsigned char *)text;
	const unsigned char *end = p + len;
	size_t width = 0;
	uint32_t code;
	size_t n;

	if (is_ascii(text, len))
		return len;
	if (!locale)
		locale = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);

	locale_t old = locale ? uselocale(locale) : (locale_t)0;

	for (; p < end && (n = utf8_decode(p, (size_t)(end - p), &code)); p += n) {
		int columns = wcwidth((wchar_t)code);

		width += columns < 0 ? 1 : (size_t)columns;
	}
	if (old)
		uselocale(old);
	return width;
}

static bool is_continuation(char c)
{
	return ((unsigned char)c & 0xc0) == 0x80;
}

// The bytes at the beginning of a word that take at most ROOM columns.
static size_t head_of(const char *word, size_t len, size_t room)
{
	size_t end = 0;

	while (end < len) {
		size_t next = end + 1;

		while (next < len && is_continuation(word[next]))
			next++;
		if (fit_width(word, next) > room)
			break;
		end = next;
	}
	return end;
}

// Where the end of a word begins that is to stay: the port, or as much as takes ROOM columns.
static size_t tail_of(const char *word, size_t len, size_t room)
{
	const char *colon = memrchr(word, ':', len);
	size_t at = len;

	if (colon && len - (size_t)(colon - word) <= LONGEST_PORT)
		return (size_t)(colon - word);
	while (at) {
		size_t before = at - 1;

		while (before && is_continuation(word[before]))
			before--;
		if (fit_width(word + before, len - before) > room)
			break;
		at = before;
	}
	return at;
}

static void add_cut(struct str *s, enum colour colour, const char *word, size_t len, size_t room)
{
	size_t tail = tail_of(word, len, room / 2);
	size_t kept = fit_width(word + tail, len - tail) + 1;
	size_t head = head_of(word, tail, room > kept ? room - kept : 0);
	struct str text = {0};

	str_addn(&text, word, head);
	str_add(&text, ELLIPSIS);
	str_addn(&text, word + tail, len - tail);
	str_add_coloured(s, colour, text.data, text.len);
	str_fini(&text);
}

// The bytes of the next line: as many words as fit, but one at least.
static size_t line_of(const char *text, size_t len, size_t room)
{
	size_t end = 0;

	while (end < len) {
		size_t next = end;

		while (next < len && text[next] == ' ')
			next++;
		while (next < len && text[next] != ' ')
			next++;
		if (end && fit_width(text, next) > room)
			break;
		end = next;
	}
	return end;
}

void str_add_fitted(struct str *s, enum colour colour, const char *text, size_t len, size_t start,
	size_t room, bool whole)
{
	bool is_first = true;

	room = MAX(room, (size_t)LONGEST_PORT);
	while (len) {
		size_t line = line_of(text, len, room);

		if (!is_first) {
			str_addc(s, '\n');
			str_add_repeated(s, ' ', start);
		}
		is_first = false;
		if (whole && fit_width(text, line) > room)
			line = head_of(text, line, room);
		if (fit_width(text, line) <= room)
			str_add_coloured(s, colour, text, line);
		else
			add_cut(s, colour, text, line, room);
		text += line;
		len -= line;
		while (len && *text == ' ') {
			text++;
			len--;
		}
	}
}

// Where the description in a line of help begins: behind the first two blanks that follow words.
// LEN if there is none.
static size_t description_of(const char *line, size_t len)
{
	size_t at = strspn(line, " ");

	for (; at + 1 < len; at++)
		if (line[at] == ' ' && line[at + 1] == ' ')
			return at + strspn(line + at, " ");
	return len;
}

// Adds a description, with its further lines in one piece. Returns where the next line begins.
static const char *join_description(struct str *words, const char *p)
{
	for (;;) {
		size_t len = strcspn(p, "\n");

		if (words->len)
			str_addc(words, ' ');
		str_addn(words, p, len);
		p += len + (p[len] == '\n');
		if (strspn(p, " ") < DESCRIPTION)
			return p;
		p += strspn(p, " ");
	}
}

void str_add_narrow_help(struct str *s, const char *text, size_t width)
{
	struct str words = {0};

	if (!width || width >= HELP_WIDTH) {
		str_add(s, text);
		return;
	}
	while (*text) {
		size_t len = strcspn(text, "\n");
		size_t at = description_of(text, len);
		size_t indent = strspn(text, " ");
		size_t name = at;

		while (name > indent && text[name - 1] == ' ')
			name--;
		str_addn(s, text, indent);
		str_add_fitted(s, COLOUR_NONE, text + indent, MAX(name, indent) - indent,
			indent + 2, width - MIN(width, indent + 2), true);
		if (at < len ||
			(indent && strspn(text + len + (text[len] == '\n'), " ") >= DESCRIPTION)) {
			str_clear(&words);
			text = join_description(&words, text + at);
			str_addc(s, '\n');
			str_add_repeated(s, ' ', HELP_INDENT);
			str_add_fitted(s, COLOUR_NONE, words.data, words.len, HELP_INDENT,
				width - MIN(width, (size_t)HELP_INDENT), true);
		} else {
			text += len + (text[len] == '\n');
		}
		str_addc(s, '\n');
	}
	str_fini(&words);
}
