// SPDX-License-Identifier: ISC
#include "relay/chat.h"

#include <assert.h>
#include <stdbool.h>
#include <string.h>

#define LONGEST 4096 // bytes of a line

void chat_line_fini(struct chat_line *c)
{
	str_fini(&c->name);
	str_fini(&c->text);
}

// A tab is the one control character that harms nobody.
static void add_text(struct str *out, const char *text, size_t len)
{
	const char *tab;

	while ((tab = len ? memchr(text, '\t', len) : NULL)) {
		size_t n = (size_t)(tab - text);

		str_add_escaped(out, text, n);
		str_addc(out, '\t');
		text += n + 1;
		len -= n + 1;
	}
	str_add_escaped(out, text, len);
}

static void show(struct chat_line *c, size_t len, struct str *out)
{
	str_addn(out, c->name.data, c->name.len);
	str_addc(out, ' ');
	add_text(out, str_c(&c->text), len);
	str_addc(out, '\n');
}

static void end_line(struct chat_line *c, struct str *out)
{
	size_t len = c->text.len;

	if (len && c->text.data[len - 1] == '\r')
		len--;
	show(c, len, out);
	str_fini(&c->text);
}

static bool is_continuation(char c)
{
	return ((unsigned char)c & 0xc0) == 0x80;
}

// Where to cut a line that is too long: not within a character (at most 4 bytes, RFC 3629).
static size_t cut_of(const struct str *text)
{
	size_t len = text->len;

	while (len > text->len - 3 && is_continuation(text->data[len - 1]))
		len--;
	return len - 1;
}

static void cut_line(struct chat_line *c, struct str *out)
{
	size_t len = cut_of(&c->text);

	show(c, len, out);
	str_drop(&c->text, len);
}

void chat_line_add(struct chat_line *c, const char *data, size_t len, struct str *out)
{
	assert(c->name.len);
	while (len) {
		size_t room = MIN(len, LONGEST - c->text.len);
		const char *end = memchr(data, '\n', room);
		size_t n = end ? (size_t)(end - data) : room;

		str_addn(&c->text, data, n);
		if (end)
			end_line(c, out);
		else if (c->text.len == LONGEST)
			cut_line(c, out);
		n += end ? 1 : 0;
		data += n;
		len -= n;
	}
}

void chat_line_end(struct chat_line *c, struct str *out)
{
	if (c->text.len)
		end_line(c, out);
}
