// SPDX-License-Identifier: ISC
#include "relay/answer.h"

#include "base/mem.h"
#include "base/util.h"
#include "relay/head.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define SIZE_DIGITS 15 // of a chunk; no body is longer than that

struct answer *answer_create(bool has_no_body)
{
	struct answer *a = xcalloc(1, sizeof(*a));

	a->has_no_body = has_no_body;
	return a;
}

void answer_destroy(struct answer *a)
{
	if (a)
		str_fini(&a->text);
	free(a);
}

// "HTTP/1.1 200 OK". Returns the number, or 0.
static unsigned read_status(struct head_part line)
{
	const char *d = line.at + 9;

	if (line.len < 12 || memcmp(line.at, "HTTP/1.", 7) != 0 || line.at[8] != ' ')
		return 0;
	for (int i = 0; i < 3; i++)
		if (!isdigit((unsigned char)d[i]))
			return 0;
	return (unsigned)((d[0] - '0') * 100 + (d[1] - '0') * 10 + (d[2] - '0'));
}

// RFC 9112, section 6.3. What comes before the answer proper (100, 103) is followed by another
// head; after 101 the connection speaks something else.
static enum answer_state after_head(struct answer *a)
{
	struct head_part text = {a->text.data, a->text.len};
	struct head_part line;
	struct head head = {0};
	unsigned status = head_take_line(&text, &line) ? read_status(line) : 0;

	if (status < 100 || status == 101 || !head_take_fields(&text, &head))
		return ANSWER_UNKNOWN;
	if (status < 200)
		return ANSWER_HEAD;
	if (a->has_no_body || status == 204 || status == 304)
		return ANSWER_WHOLE;
	if (head.has_coding)
		return head.is_chunked ? ANSWER_SIZE : ANSWER_UNKNOWN;
	if (!head.has_length)
		return ANSWER_UNKNOWN; // it ends with the connection
	a->left = head.length;
	return a->left ? ANSWER_BODY : ANSWER_WHOLE;
}

// Section 7.1: hexadecimal digits, and extensions after a semicolon.
static enum answer_state after_size(struct answer *a, struct head_part line)
{
	size_t n = 0;

	a->left = 0;
	for (; n < line.len && isxdigit((unsigned char)line.at[n]); n++) {
		int c = tolower((unsigned char)line.at[n]);

		if (n == SIZE_DIGITS)
			return ANSWER_UNKNOWN;
		a->left = a->left * 16 + (uint64_t)(c > '9' ? c - 'a' + 10 : c - '0');
	}
	if (n == 0 || (n < line.len && !memchr("; \t", line.at[n], 3)))
		return ANSWER_UNKNOWN;
	return a->left ? ANSWER_CHUNK : ANSWER_TRAILER;
}

// The text has a line more.
static enum answer_state after_line(struct answer *a)
{
	struct head_part text = {a->text.data, a->text.len};
	struct head_part line;

	head_take_line(&text, &line);
	switch (a->state) {
	case ANSWER_SIZE:
		return after_size(a, line);
	case ANSWER_CHUNK_END:
		return line.len ? ANSWER_UNKNOWN : ANSWER_SIZE;
	default:
		return line.len ? ANSWER_TRAILER : ANSWER_WHOLE;
	}
}

// True if the text is not even the beginning of a head.
static bool is_foreign(const struct str *s)
{
	static const char version[] = "HTTP/1.";

	return memcmp(s->data, version, MIN(s->len, strlen(version))) != 0;
}

// True if the text ends with an empty line, which ends a head.
static bool ends_empty(const struct str *s)
{
	return (s->len >= 2 && memcmp(s->data + s->len - 2, "\n\n", 2) == 0) ||
	       (s->len >= 3 && memcmp(s->data + s->len - 3, "\n\r\n", 3) == 0);
}

// Takes what belongs to the line that is read. Returns how many bytes that were.
static size_t add_line(struct answer *a, const char *data, size_t len)
{
	const char *end = memchr(data, '\n', len);
	size_t n = end ? (size_t)(end - data) + 1 : len;

	if (a->text.len + n > HEAD_MOST) {
		a->state = ANSWER_UNKNOWN;
		return n;
	}
	str_addn(&a->text, data, n);
	if (a->state == ANSWER_HEAD && is_foreign(&a->text))
		a->state = ANSWER_UNKNOWN;
	if (!answer_is_partial(a) || !end || (a->state == ANSWER_HEAD && !ends_empty(&a->text)))
		return n;
	a->state = a->state == ANSWER_HEAD ? after_head(a) : after_line(a);
	str_clear(&a->text);
	return n;
}

static size_t add_body(struct answer *a, size_t len)
{
	size_t n = (size_t)MIN(a->left, (uint64_t)len);

	a->left -= n;
	if (!a->left)
		a->state = a->state == ANSWER_BODY ? ANSWER_WHOLE : ANSWER_CHUNK_END;
	return n;
}

void answer_add(struct answer *a, const char *data, size_t len)
{
	while (len && answer_is_partial(a)) {
		bool is_body = a->state == ANSWER_BODY || a->state == ANSWER_CHUNK;
		size_t n = is_body ? add_body(a, len) : add_line(a, data, len);

		data += n;
		len -= n;
	}
}
