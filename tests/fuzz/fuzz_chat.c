// SPDX-License-Identifier: ISC
// The lines of a chat: the same whole and in pieces, each with its name in front, fit for a
// terminal, and nothing is lost.
#include "fuzz.h"

#include "base/utf8.h"
#include "relay/chat.h"

#include <stdlib.h>
#include <string.h>

#define NAME "<user1>"

// Says DATA in pieces whose lengths come from CUTS, each byte one length.
static void say(
	const uint8_t *cuts, size_t ncuts, const uint8_t *data, size_t len, struct str *lines)
{
	struct chat_line c = {0};

	str_add(&c.name, NAME);
	for (size_t i = 0; i < ncuts; i++) {
		size_t n = MIN(cuts[i] * 16u, len);

		chat_line_add(&c, (const char *)data, n, lines);
		data += n;
		len -= n;
	}
	chat_line_add(&c, (const char *)data, len, lines);
	chat_line_end(&c, lines);
	chat_line_fini(&c);
}

static void require_safe(const char *text, size_t len)
{
	const unsigned char *p = (const unsigned char *)text;

	while (len) {
		uint32_t code;
		size_t n = utf8_decode(p, len, &code);

		require(n > 0);
		require(code == '\t' || !utf8_is_unsafe(code));
		p += n;
		len -= n;
	}
}

// Adds what the text of a line stands for.
static void add_meaning(struct str *out, const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (text[i] != '\\') {
			str_addc(out, text[i]);
			continue;
		}
		require(i + 1 < len);
		i++;
		if (text[i] == 'x') {
			char digits[3] = {0};

			require(i + 2 < len);
			memcpy(digits, text + i + 1, 2);
			str_addc(out, (char)strtol(digits, NULL, 16));
			i += 2;
		} else {
			const char *kind = strchr("\\\\n\nr\rt\t", text[i]);

			require(kind);
			str_addc(out, kind[1]);
		}
	}
}

static void read_lines(const struct str *lines, struct str *meaning)
{
	const char *p = str_c(lines);

	while (*p) {
		const char *end = strchr(p, '\n');

		require(end);
		require(strncmp(p, NAME " ", sizeof(NAME)) == 0);
		p += sizeof(NAME);
		require_safe(p, (size_t)(end - p));
		add_meaning(meaning, p, (size_t)(end - p));
		p = end + 1;
	}
	require(strlen(str_c(lines)) == lines->len);
}

// What was said, without what ends lines.
static void add_text(struct str *out, const uint8_t *data, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		bool ends = i + 1 == len || data[i + 1] == '\n';

		if (data[i] != '\n' && !(data[i] == '\r' && ends))
			str_addc(out, (char)data[i]);
	}
}

static void require_equal(const struct str *a, const struct str *b)
{
	require(a->len == b->len);
	require(!a->len || memcmp(a->data, b->data, a->len) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	size_t ncuts = len ? MIN(data[0] % 8u, len - 1) : 0;
	const uint8_t *cuts = data + 1;
	struct str whole = {0};
	struct str pieces = {0};
	struct str meaning = {0};
	struct str text = {0};

	if (!len)
		return 0;
	data += 1 + ncuts;
	len -= 1 + ncuts;
	say(NULL, 0, data, len, &whole);
	say(cuts, ncuts, data, len, &pieces);
	require_equal(&whole, &pieces);
	read_lines(&whole, &meaning);
	add_text(&text, data, len);
	require_equal(&meaning, &text);
	str_fini(&whole);
	str_fini(&pieces);
	str_fini(&meaning);
	str_fini(&text);
	return 0;
}
