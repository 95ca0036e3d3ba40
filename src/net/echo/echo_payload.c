// SPDX-License-Identifier: ISC
#include "net/echo/echo_payload.h"

#include "base/mem.h"
#include "base/util.h"

#include <endian.h>
#include <stdlib.h>
#include <string.h>

#define HEADER ECHO_PAYLOAD_HEADER
#define NUMBER_BITS 48
#define PERIOD 251 // a prime, so that no power of two of bytes looks the same

void echo_payload_init(struct echo_payload *p, size_t size)
{
	uint32_t x = 1;

	*p = (struct echo_payload){.size = size, .body = xmalloc(size + PERIOD)};
	for (size_t i = 0; i < size + PERIOD; i++) {
		x = x * 1664525 + 1013904223; // Knuth's generator, as in Numerical Recipes
		p->body[i] = (char)(x >> 24);
	}
}

void echo_payload_init_text(struct echo_payload *p, const char *text)
{
	*p = (struct echo_payload){.size = strlen(text), .is_text = true, .body = xstrdup(text)};
}

void echo_payload_fini(struct echo_payload *p)
{
	free(p->body);
	*p = (struct echo_payload){0};
}

static size_t header_size(const struct echo_payload *p)
{
	return p->is_text ? 0 : MIN(p->size, (size_t)HEADER);
}

// The bytes of a request that OFFSET is in: its header, or what follows.
static const char *part_at(const struct echo_payload *p, uint64_t number, const char *header,
	size_t offset, size_t *len)
{
	size_t in_header = header_size(p);

	if (offset < in_header) {
		*len = in_header - offset;
		return header + offset;
	}
	*len = p->size - offset;
	return p->body + (p->is_text ? 0 : number % PERIOD) + offset;
}

static void make_header(char *header, unsigned connection, uint64_t number)
{
	uint64_t word = (number & ((UINT64_C(1) << NUMBER_BITS) - 1)) | (uint64_t)connection
										<< NUMBER_BITS;

	word = htole64(word);
	memcpy(header, &word, HEADER);
}

void echo_payload_write(const struct echo_payload *p, unsigned connection, uint64_t number,
	size_t offset, char *data, size_t len)
{
	char header[HEADER];

	make_header(header, connection, number);
	while (len) {
		size_t n;
		const char *part = part_at(p, number, header, offset, &n);

		n = MIN(n, len);
		memcpy(data, part, n);
		data += n;
		offset += n;
		len -= n;
	}
}

bool echo_payload_matches(const struct echo_payload *p, unsigned connection, uint64_t number,
	size_t offset, const char *data, size_t len)
{
	char header[HEADER];

	make_header(header, connection, number);
	while (len) {
		size_t n;
		const char *part = part_at(p, number, header, offset, &n);

		n = MIN(n, len);
		if (memcmp(data, part, n) != 0)
			return false;
		data += n;
		offset += n;
		len -= n;
	}
	return true;
}

uint64_t echo_payload_number(const struct echo_payload *p, const char *data, uint64_t first)
{
	unsigned bits = 8 * (unsigned)MIN(header_size(p), (size_t)NUMBER_BITS / 8);
	uint64_t word = 0;

	memcpy(&word, data, MIN(header_size(p), (size_t)HEADER));
	return first + ((le64toh(word) - first) & ((UINT64_C(1) << bits) - 1));
}
