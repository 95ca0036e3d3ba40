// SPDX-License-Identifier: ISC
#include "relay/request.h"

#include "base/mem.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

static bool is_visible(struct head_part p)
{
	for (size_t i = 0; i < p.len; i++)
		if (!isgraph((unsigned char)p.at[i]) && !((unsigned char)p.at[i] & 0x80))
			return false;
	return p.len > 0;
}

// What the first line says.
struct request_line {
	bool is_old; // HTTP/1.0
	bool is_head;
};

static bool read_request_line(struct head_part line, struct request_line *l)
{
	struct head_part method;
	struct head_part target;

	if (!head_take_until(&line, ' ', &method) || !head_take_until(&line, ' ', &target) ||
		!head_is_token(method) || !is_visible(target))
		return false;
	l->is_head = method.len == 4 && memcmp(method.at, "HEAD", 4) == 0;
	l->is_old = line.len == 8 && memcmp(line.at, "HTTP/1.0", 8) == 0;
	return line.len == 8 && memcmp(line.at, "HTTP/1.", 7) == 0 &&
	       isdigit((unsigned char)line.at[7]);
}

static void skip_empty_lines(struct head_part *text)
{
	struct head_part rest = *text;
	struct head_part line;

	while (head_take_line(&rest, &line) && line.len == 0)
		*text = rest;
}

enum request_kind request_judge(const char *data, size_t len)
{
	struct head_part text = {data, len};
	struct head_part line;
	struct request_line first = {0};
	struct head head = {0};

	skip_empty_lines(&text);
	if (!head_take_line(&text, &line) || !read_request_line(line, &first) ||
		!head_take_fields(&text, &head) || head.has_coding || text.len < head.length)
		return REQUEST_NONE;
	text.at += head.length;
	text.len -= head.length;
	skip_empty_lines(&text);
	if (text.len)
		return REQUEST_NONE;
	if (head.closes || (first.is_old && !head.keeps))
		return REQUEST_LAST;
	return first.is_head ? REQUEST_OPEN_HEAD : REQUEST_OPEN;
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
