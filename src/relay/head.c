// SPDX-License-Identifier: ISC
#include "relay/head.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

static bool is_word(struct head_part p, const char *word)
{
	return p.len == strlen(word) && strncasecmp(p.at, word, p.len) == 0;
}

bool head_take_line(struct head_part *text, struct head_part *line)
{
	const char *end = memchr(text->at, '\n', text->len);

	if (!end)
		return false;
	*line = (struct head_part){text->at, (size_t)(end - text->at)};
	text->at = end + 1;
	text->len -= line->len + 1;
	if (line->len && end[-1] == '\r')
		line->len--;
	return true;
}

bool head_is_token(struct head_part p)
{
	for (size_t i = 0; i < p.len; i++)
		if (!isalnum((unsigned char)p.at[i]) && !memchr("!#$%&'*+-.^_`|~", p.at[i], 15))
			return false;
	return p.len > 0;
}

bool head_take_until(struct head_part *text, char separator, struct head_part *before)
{
	const char *end = memchr(text->at, separator, text->len);

	if (!end)
		return false;
	*before = (struct head_part){text->at, (size_t)(end - text->at)};
	text->at = end + 1;
	text->len -= before->len + 1;
	return true;
}

static struct head_part trim(struct head_part p)
{
	while (p.len && (p.at[0] == ' ' || p.at[0] == '\t')) {
		p.at++;
		p.len--;
	}
	while (p.len && (p.at[p.len - 1] == ' ' || p.at[p.len - 1] == '\t'))
		p.len--;
	return p;
}

static void read_connection(struct head_part value, struct head *h)
{
	struct head_part option;
	bool more = true;

	while (more) {
		more = head_take_until(&value, ',', &option);
		option = trim(more ? option : value);
		h->closes |= is_word(option, "close");
		h->keeps |= is_word(option, "keep-alive");
	}
}

// Several lengths, and any that is no number, are an error of the request.
static bool read_length(struct head_part value, struct head *h)
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

static bool read_field(struct head_part line, struct head *h)
{
	struct head_part name;

	if (!head_take_until(&line, ':', &name) || !head_is_token(name))
		return false;
	line = trim(line);
	if (is_word(name, "transfer-encoding")) {
		h->is_chunked = !h->has_coding && is_word(line, "chunked");
		h->has_coding = true;
	}
	if (is_word(name, "content-length"))
		return read_length(line, h);
	if (is_word(name, "connection"))
		read_connection(line, h);
	return true;
}

bool head_take_fields(struct head_part *text, struct head *h)
{
	struct head_part line;

	while (head_take_line(text, &line)) {
		if (line.len == 0)
			return true;
		if (!read_field(line, h))
			return false;
	}
	return false;
}
