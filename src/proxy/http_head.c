// SPDX-License-Identifier: ISC
#include "proxy/http_head.h"

#include "base/util.h"
#include "proxy/failure.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>
#include <strings.h>

#define VERSION "HTTP/1."
#define STATUS_AT 9 // in "HTTP/1.1 200 OK"
#define STATUS_END 12
#define MAX_SCHEMES 128 // bytes of their names that are kept

// A field of the head: its name and its value, without the blanks around it.
struct header_field {
	const char *name, *value;
	size_t name_len, value_len;
};

static int refuse(struct str *err, const char *why)
{
	str_add(err, why);
	return -EPROTO;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static void trim(const char **text, size_t *len)
{
	while (*len && is_blank(**text)) {
		(*text)++;
		(*len)--;
	}
	while (*len && is_blank((*text)[*len - 1]))
		(*len)--;
}

// The line at *AT, without its end; moves *AT behind it.
static void next_line(const struct str *text, size_t *at, const char **line, size_t *len)
{
	const char *begin = text->data + *at;
	const char *end = memchr(begin, '\n', text->len - *at);

	*line = begin;
	*len = end ? (size_t)(end - begin) : text->len - *at;
	*at += *len + (end ? 1 : 0);
	if (*len && begin[*len - 1] == '\r')
		(*len)--;
}

static bool name_is(const struct header_field *f, const char *name)
{
	return f->name_len == strlen(name) && strncasecmp(f->name, name, f->name_len) == 0;
}

// Calls FN with each element of a list of fields, separated by commas outside of quotes (RFC 9110
// section 5.6.1).
static void each_element(const struct header_field *f, struct http_head *h,
	void (*fn)(struct http_head *h, const char *word, size_t len))
{
	size_t begin = 0;
	bool is_quoted = false;

	for (size_t i = 0; i <= f->value_len; i++) {
		if (i < f->value_len && f->value[i] == '"')
			is_quoted = !is_quoted;
		else if (i < f->value_len && is_quoted && f->value[i] == '\\' &&
			 i + 1 < f->value_len)
			i++;
		if (i < f->value_len && (is_quoted || f->value[i] != ','))
			continue;

		const char *word = f->value + begin;
		size_t len = MIN(i, f->value_len) - begin;

		trim(&word, &len);
		if (len)
			fn(h, word, len);
		begin = i + 1;
	}
}

static void on_connection(struct http_head *h, const char *word, size_t len)
{
	if (len == 5 && strncasecmp(word, "close", len) == 0)
		h->keeps_open = false;
	else if (len == 10 && strncasecmp(word, "keep-alive", len) == 0)
		h->keeps_open = true;
}

// An element is the begin of a challenge, "SCHEME" or "SCHEME ...", or one more "NAME=VALUE" of the
// challenge before it (RFC 9110 section 11.6.1).
static void on_challenge(struct http_head *h, const char *word, size_t len)
{
	size_t token = 0;
	size_t next;

	while (token < len && (isalnum((unsigned char)word[token]) ||
				      (word[token] && strchr("!#$%&'*+-.^_`|~", word[token]))))
		token++;
	for (next = token; next < len && is_blank(word[next]);)
		next++;
	if (!token || (next < len && (next == token || word[next] == '=')))
		return;
	if (token == 5 && strncasecmp(word, "Basic", token) == 0)
		h->offers_basic = true;
	if (h->schemes.len + token + 2 > MAX_SCHEMES)
		return;
	if (h->schemes.len)
		str_add(&h->schemes, ", ");
	str_addn(&h->schemes, word, token);
}

// A length that is no number, or another one than was said before, leaves the end of the body open.
static void set_length(struct http_head *h, const struct header_field *f, bool *is_open)
{
	uint64_t length = 0;
	bool is_number = f->value_len > 0 && f->value_len < 19;

	for (size_t i = 0; i < f->value_len && is_number; i++) {
		is_number = isdigit((unsigned char)f->value[i]);
		length = length * 10 + (uint64_t)(f->value[i] - '0');
	}
	if (!is_number || (h->has_length && h->length != length))
		*is_open = true;
	h->has_length = true;
	h->length = length;
}

static void take_field(struct http_head *h, const struct header_field *f, bool *is_open)
{
	if (name_is(f, "Connection") || name_is(f, "Proxy-Connection"))
		each_element(f, h, on_connection);
	else if (name_is(f, "Proxy-Authenticate"))
		each_element(f, h, on_challenge);
	else if (name_is(f, "Content-Length"))
		set_length(h, f, is_open);
	else if (name_is(f, "Transfer-Encoding"))
		*is_open = true;
}

// Walks the lines behind the first. What is no field is skipped.
static void parse_fields(struct http_head *h, size_t at)
{
	bool is_open = false;

	while (at < h->text.len) {
		struct header_field f;
		const char *line;
		const char *colon;
		size_t len;

		next_line(&h->text, &at, &line, &len);
		colon = memchr(line, ':', len);
		if (!colon)
			continue;
		f = (struct header_field){.name = line, .name_len = (size_t)(colon - line)};
		f.value = colon + 1;
		f.value_len = len - f.name_len - 1;
		trim(&f.value, &f.value_len);
		take_field(h, &f, &is_open);
	}
	if (is_open)
		h->has_length = false;
}

// Understands all of the head.
static int parse(struct http_head *h, struct str *err)
{
	size_t at = 0;
	const char *line;
	size_t len;

	next_line(&h->text, &at, &line, &len);
	if (memchr(h->text.data, '\0', h->text.len))
		return refuse(err, "answers with a NUL byte in its head");
	if (len < STATUS_END || line[STATUS_AT - 1] != ' ' || line[STATUS_AT] == '0' ||
		strspn(line + STATUS_AT, "0123456789") != STATUS_END - STATUS_AT ||
		(len > STATUS_END && line[STATUS_END] != ' ')) {
		str_add(err, "answers '");
		proxy_add_words(err, line, len);
		return refuse(err, "', which has no status of HTTP");
	}
	h->minor = line[STATUS_AT - 2] - '0';
	h->status = (unsigned)((line[STATUS_AT] - '0') * 100 + (line[STATUS_AT + 1] - '0') * 10 +
			       line[STATUS_AT + 2] - '0');
	h->reason = line + STATUS_END;
	h->reason_len = len - STATUS_END;
	trim(&h->reason, &h->reason_len);
	h->keeps_open = h->minor > 0;
	parse_fields(h, at);
	return 0;
}

// Checks the byte that was added last, as far as the first line must have a certain one there.
static int check_beginning(const struct http_head *h, struct str *err)
{
	size_t at = h->text.len - 1;
	char byte = h->text.data[at];

	if (at < strlen(VERSION) ? byte == VERSION[at]
				 : at > strlen(VERSION) || isdigit((unsigned char)byte))
		return 0;
	str_add(err, "does not speak HTTP: its answer begins with '");
	str_add_escaped(err, h->text.data, h->text.len);
	return refuse(err, "'");
}

// True if the byte that was added last ends an empty line.
static bool is_end(const struct str *text)
{
	const char *end = text->data + text->len;

	return end[-1] == '\n' && text->len > 1 &&
	       (end[-2] == '\n' || (end[-2] == '\r' && text->len > 2 && end[-3] == '\n'));
}

int http_head_read(
	struct http_head *h, const void *data, size_t len, size_t *taken, struct str *err)
{
	const char *bytes = data;

	*taken = 0;
	while (*taken < len) {
		str_addc(&h->text, bytes[(*taken)++]);

		int r = check_beginning(h, err);

		if (r < 0)
			return r;
		if (is_end(&h->text)) {
			h->is_complete = true;
			r = parse(h, err);
			return r < 0 ? r : 1;
		}
		if (h->text.len == HTTP_MAX_HEAD)
			return refuse(err, "answers with a head of more than 16 KiB");
	}
	return 0;
}

int http_head_end(struct http_head *h, struct str *err)
{
	if (!h->text.len || !memchr(h->text.data, '\n', h->text.len))
		return -EPROTO;
	return parse(h, err);
}

void http_head_fini(struct http_head *h)
{
	str_fini(&h->text);
	str_fini(&h->schemes);
	*h = (struct http_head){0};
}
