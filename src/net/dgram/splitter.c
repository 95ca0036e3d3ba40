// SPDX-License-Identifier: ISC
#include "net/dgram/splitter.h"

#include "base/hex.h"
#include "base/mem.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

// How far the bytes of something too long are counted, so that the count has an end.
#define COUNT_MAX ((uint64_t)16 << 20)

// Text takes at most six characters for a byte ("\u0000"), and fields or a comment beside.
#define TEXT_PER_BYTE 6
#define TEXT_BESIDE ((size_t)64 << 10)

void splitter_init(struct splitter *s, enum framing framing, size_t block, size_t limit)
{
	bool is_text = framing == FRAMING_HEX || framing == FRAMING_JSON;

	*s = (struct splitter){.framing = framing, .block = block, .limit = limit};
	s->line_max = is_text ? TEXT_PER_BYTE * limit + TEXT_BESIDE : MAX(limit, block);
	s->size = s->line_max + limit + SPLITTER_READ;
	s->buf = xmalloc_pages(s->size);
}

void splitter_fini(struct splitter *s)
{
	free(s->buf);
	str_fini(&s->error);
	*s = (struct splitter){0};
}

void splitter_restart(struct splitter *s)
{
	s->start = s->looked = s->end = 0;
	s->at_end = s->in_dump = false;
	s->line = s->skipped = 0;
}

void *splitter_room(struct splitter *s, size_t *len)
{
	size_t keep = s->in_dump ? s->dump_len : 0;

	if (keep)
		memmove(s->buf, s->buf + s->dump_start, keep);
	s->dump_start = 0;
	memmove(s->buf + keep, s->buf + s->start, s->end - s->start);
	s->looked -= s->start - keep;
	s->end -= s->start - keep;
	s->start = keep;
	*len = MIN(s->size - s->end, SPLITTER_READ);
	return s->buf + s->end;
}

void splitter_add(struct splitter *s, size_t len)
{
	s->end += len;
	s->at_end = len == 0;
}

attr_printf(2, 3) static int invalid(struct splitter *s, const char *fmt, ...)
{
	va_list ap;

	str_clear(&s->error);
	str_addf(&s->error, "line %" PRIu64 ": ", s->line);
	va_start(ap, fmt);
	str_vaddf(&s->error, fmt, ap);
	va_end(ap);
	return -EINVAL;
}

static int too_long(struct splitter *s, uint64_t len)
{
	str_clear(&s->error);
	if (s->framing != FRAMING_WHOLE)
		str_addf(&s->error, "line %" PRIu64 ": ", s->line);
	if (len > COUNT_MAX)
		str_add(&s->error, "more than ");
	str_addf(&s->error, "%" PRIu64 " bytes do not fit a datagram: at most %zu",
		MIN(len, COUNT_MAX), s->limit);
	return -EMSGSIZE;
}

static void take(struct splitter *s, struct iovec *slice, size_t len)
{
	*slice = (struct iovec){s->buf + s->start, len};
	s->start += len;
}

// Counts what is too long to be kept and throws it away. Returns 0 until its end was seen.
static int skip(struct splitter *s)
{
	const char *text = s->buf + s->looked;
	size_t len = s->end - s->looked;
	const char *newline = s->framing == FRAMING_WHOLE ? NULL : memchr(text, '\n', len);
	bool ends = newline || s->at_end;

	s->skipped += newline ? (size_t)(newline - text) : len;
	s->start = s->looked = s->end;
	if (!ends && s->skipped <= COUNT_MAX)
		return 0;
	s->line++;
	if (s->framing == FRAMING_LINE || s->framing == FRAMING_WHOLE)
		return too_long(s, s->skipped);
	return invalid(s, "too long for any datagram");
}

// Finds the end of the line at start. Returns 1 and its length, 0 or an error.
static int find_line(struct splitter *s, size_t *len)
{
	if (s->skipped)
		return skip(s);

	const char *newline = memchr(s->buf + s->looked, '\n', s->end - s->looked);

	*len = (newline ? (size_t)(newline - s->buf) : s->end) - s->start;
	if (*len > s->line_max) {
		s->skipped = s->looked - s->start;
		return skip(s);
	}
	if (!newline) {
		s->looked = s->end;
		if (!s->at_end || *len == 0)
			return 0;
	}
	s->line++;
	return 1;
}

// Leaves the line, with its newline, behind.
static void end_line(struct splitter *s, size_t len)
{
	s->start = MIN(s->start + len + 1, s->end);
	s->looked = s->start;
}

static int next_line(struct splitter *s, struct iovec *slice)
{
	size_t len;
	int r = find_line(s, &len);

	if (r <= 0)
		return r;
	*slice = (struct iovec){s->buf + s->start, len};
	end_line(s, len);
	return 1;
}

static int next_block(struct splitter *s, struct iovec *slice)
{
	size_t len = MIN(s->end - s->start, s->block);

	if (len == 0 || (len < s->block && !s->at_end))
		return 0;
	take(s, slice, len);
	return 1;
}

static int next_whole(struct splitter *s, struct iovec *slice)
{
	size_t len = s->end - s->start;

	if (s->skipped || len > s->limit) {
		s->looked = s->start;
		return skip(s);
	}
	if (!s->at_end || len == 0)
		return 0;
	take(s, slice, len);
	return 1;
}

static int end_dump(struct splitter *s, struct iovec *slice)
{
	*slice = (struct iovec){s->buf + s->dump_start, s->dump_len};
	s->in_dump = false;
	return s->dump_len > s->limit ? too_long(s, s->dump_len) : 1;
}

// A line of a dump; what it holds moves to the end of what is decoded. Returns 1 when the dump is
// complete.
static int add_to_dump(struct splitter *s, struct iovec *slice, size_t offset, struct iovec hex)
{
	size_t n;

	if (!s->in_dump) {
		s->in_dump = true;
		s->dump_start = s->start;
		s->dump_len = 0;
	}
	if (offset != s->dump_len)
		return invalid(s, "offset %zx where %zx was expected", offset, s->dump_len);
	if (hex_decode(s->buf + s->dump_start + s->dump_len, &n, hex.iov_base, hex.iov_len) < 0)
		return invalid(s, "not pairs of hexadecimal digits");
	s->dump_len += n;
	if (n == 0 || s->dump_len > s->limit)
		return end_dump(s, slice);
	return 0;
}

// A line that is no part of a dump. Returns 1 if it holds a datagram.
static int decode_plain(struct splitter *s, struct iovec *slice, char *text, size_t len)
{
	size_t n;

	if (hex_decode_loose(text, &n, text, len) < 0)
		return invalid(s, "not pairs of hexadecimal digits");
	*slice = (struct iovec){text, n};
	return n > s->limit ? too_long(s, n) : n > 0;
}

static int next_hex(struct splitter *s, struct iovec *slice)
{
	size_t len;
	int r;

	while ((r = find_line(s, &len)) > 0) {
		char *text = s->buf + s->start;
		size_t offset;
		struct iovec hex;
		bool in_dump = hex_dump_line(text, len, &offset, &hex);

		if (s->in_dump && (!in_dump || offset == 0)) {
			s->line--; // this line is looked at again
			s->looked = s->start;
			return end_dump(s, slice);
		}
		if (in_dump)
			r = add_to_dump(s, slice, offset, hex);
		else
			r = *text == '#' ? 0 : decode_plain(s, slice, text, len);
		end_line(s, len);
		if (r)
			return r;
	}
	if (r == 0 && s->at_end && s->in_dump)
		return end_dump(s, slice);
	return r;
}

// Puts the bytes that an object stands for in place of its text, which is longer.
static int decode_object(struct splitter *s, struct iovec *slice, json_t *object, char *text)
{
	json_t *data = json_object_get(object, "data");
	json_t *hex = json_object_get(object, "hex");
	json_t *length = json_object_get(object, "length");
	json_t *bytes = data ? data : hex;
	size_t len;

	if (!json_is_object(object))
		return invalid(s, "not a JSON object");
	if (!bytes || (data && hex))
		return invalid(s, "expected one of \"data\" and \"hex\"");
	if (!json_is_string(bytes))
		return invalid(s, "\"%s\" is no string", data ? "data" : "hex");
	len = json_string_length(bytes);
	if (data)
		memcpy(text, json_string_value(bytes), len);
	else if (hex_decode(text, &len, json_string_value(bytes), len) < 0)
		return invalid(s, "\"hex\" is not pairs of hexadecimal digits");
	if (length && (!json_is_integer(length) || json_integer_value(length) != (json_int_t)len))
		return invalid(s, "\"length\" is not that of the data, which is %zu", len);
	*slice = (struct iovec){text, len};
	return len > s->limit ? too_long(s, len) : 1;
}

static int decode_json(struct splitter *s, struct iovec *slice, char *text, size_t len)
{
	json_error_t error;
	json_t *object = json_loadb(text, len, JSON_ALLOW_NUL | JSON_REJECT_DUPLICATES, &error);
	int r;

	if (!object) {
		invalid(s, "no JSON: ");
		str_add_escaped(&s->error, error.text, strlen(error.text)); // quotes the input
		return -EINVAL;
	}
	r = decode_object(s, slice, object, text);
	json_decref(object);
	return r;
}

static bool is_blank(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (!strchr(" \t\r", text[i]) || !text[i])
			return false;
	return true;
}

static int next_json(struct splitter *s, struct iovec *slice)
{
	size_t len;
	int r;

	while ((r = find_line(s, &len)) > 0) {
		char *text = s->buf + s->start;

		end_line(s, len);
		if (!is_blank(text, len))
			return decode_json(s, slice, text, len);
	}
	return r;
}

int splitter_next(struct splitter *s, struct iovec *slice)
{
	switch (s->framing) {
	case FRAMING_LINE:
		return next_line(s, slice);
	case FRAMING_BLOCK:
		return next_block(s, slice);
	case FRAMING_WHOLE:
		return next_whole(s, slice);
	case FRAMING_HEX:
		return next_hex(s, slice);
	case FRAMING_JSON:
		return next_json(s, slice);
	}
	return -EINVAL;
}

bool splitter_is_skipping(const struct splitter *s)
{
	return s->skipped > 0;
}
