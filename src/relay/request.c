// SPDX-License-Identifier: ISC
#include "relay/request.h"

#include "base/mem.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

// A part of the text, which has no end of its own.
struct part {
	const char *at;
	size_t len;
};

// What the fields of the head say.
struct head {
	bool is_old; // HTTP/1.0
	bool closes, keeps; // options of Connection
	bool has_length;
	uint64_t length; // of the body
};

static bool is_word(struct part p, const char *word)
{
	return p.len == strlen(word) && strncasecmp(p.at, word, p.len) == 0;
}

// Takes a line with its end off the text. Returns false if the text has no whole line.
static bool take_line(struct part *text, struct part *line)
{
	const char *end = memchr(text->at, '\n', text->len);

	if (!end)
		return false;
	*line = (struct part){text->at, (size_t)(end - text->at)};
	text->at = end + 1;
	text->len -= line->len + 1;
	if (line->len && end[-1] == '\r')
		line->len--;
	return true;
}

// RFC 9110, section 5.6.2.
static bool is_token(struct part p)
{
	for (size_t i = 0; i < p.len; i++)
		if (!isalnum((unsigned char)p.at[i]) && !memchr("!#$%&'*+-.^_`|~", p.at[i], 15))
			return false;
	return p.len > 0;
}

// Takes what stands before the first SEPARATOR, and that, off the text. Returns false if there is
// none.
static bool take_until(struct part *text, char separator, struct part *before)
{
	const char *end = memchr(text->at, separator, text->len);

	if (!end)
		return false;
	*before = (struct part){text->at, (size_t)(end - text->at)};
	text->at = end + 1;
	text->len -= before->len + 1;
	return true;
}

static bool is_visible(struct part p)
{
	for (size_t i = 0; i < p.len; i++)
		if (!isgraph((unsigned char)p.at[i]) && !((unsigned char)p.at[i] & 0x80))
			return false;
	return p.len > 0;
}

static bool read_request_line(struct part line, struct head *h)
{
	struct part method;
	struct part target;

	if (!take_until(&line, ' ', &method) || !take_until(&line, ' ', &target) ||
		!is_token(method) || !is_visible(target))
		return false;
	h->is_old = line.len == 8 && memcmp(line.at, "HTTP/1.0", 8) == 0;
	return h->is_old || (line.len == 8 && memcmp(line.at, "HTTP/1.", 7) == 0 &&
				    isdigit((unsigned char)line.at[7]));
}

static struct part trim(struct part p)
{
	while (p.len && (p.at[0] == ' ' || p.at[0] == '\t')) {
		p.at++;
		p.len--;
	}
	while (p.len && (p.at[p.len - 1] == ' ' || p.at[p.len - 1] == '\t'))
		p.len--;
	return p;
}

static void read_connection(struct part value, struct head *h)
{
	struct part option;
	bool more = true;

	while (more) {
		more = take_until(&value, ',', &option);
		option = trim(more ? option : value);
		h->closes |= is_word(option, "close");
		h->keeps |= is_word(option, "keep-alive");
	}
}

// Several lengths, and any that is no number, are an error of the request.
static bool read_length(struct part value, struct head *h)
{
	if (h->has_length || !value.len || value.len > 18)
		return false;
	h->has_length = true;
	for (size_t i = 0; i < value.len; i++) {
		if (!isdigit((unsigned char)value.at[i]))
			return false;
		h->length = h->length * 10 + (uint64_t)(value.at[i] - '0');
	}
	return true;
}

static bool read_field(struct part line, struct head *h)
{
	struct part name;

	if (!take_until(&line, ':', &name) || !is_token(name))
		return false;
	line = trim(line);
	if (is_word(name, "transfer-encoding"))
		return false;
	if (is_word(name, "content-length"))
		return read_length(line, h);
	if (is_word(name, "connection"))
		read_connection(line, h);
	return true;
}

static void skip_empty_lines(struct part *text)
{
	struct part rest = *text;
	struct part line;

	while (take_line(&rest, &line) && line.len == 0)
		*text = rest;
}

enum request_kind request_judge(const char *data, size_t len)
{
	struct part text = {data, len};
	struct part line;
	struct head head = {0};

	skip_empty_lines(&text);
	if (!take_line(&text, &line) || !read_request_line(line, &head))
		return REQUEST_NONE;
	for (;;) {
		if (!take_line(&text, &line))
			return REQUEST_NONE;
		if (line.len == 0)
			break;
		if (!read_field(line, &head))
			return REQUEST_NONE;
	}
	if (text.len < head.length)
		return REQUEST_NONE;
	text.at += head.length;
	text.len -= head.length;
	skip_empty_lines(&text);
	if (text.len)
		return REQUEST_NONE;
	return head.closes || (head.is_old && !head.keeps) ? REQUEST_LAST : REQUEST_OPEN;
}

struct str *request_text_create(void)
{
	return xcalloc(1, sizeof(struct str));
}

void request_text_add(struct str **text, const void *data, size_t len)
{
	if ((*text)->len + len <= REQUEST_MOST)
		str_addn(*text, data, len);
	else
		request_text_free(text);
}

void request_text_free(struct str **text)
{
	if (*text)
		str_fini(*text);
	free(*text);
	*text = NULL;
}
