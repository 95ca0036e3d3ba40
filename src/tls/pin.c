// SPDX-License-Identifier: ISC
#include "tls/pin.h"

#include "base/hex.h"
#include "base/mem.h"
#include "base/value.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define PREFIX "sha256:"
#define BASE64_LENGTH 43 // of 32 bytes, without the "=" that fills up

// The six bits that C stands for, or -1.
static int base64_digit(char c)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const char *at = c ? strchr(digits, c) : NULL;

	return at ? (int)(at - digits) : -1;
}

// Decodes the base64 of a hash (RFC 4648, section 4), whose last two bits must be zero.
static bool decode_base64(unsigned char hash[PIN_SIZE], const char *text)
{
	unsigned bits = 0;
	size_t count = 0, n = 0;

	if (strspn(text + BASE64_LENGTH, "=") != strlen(text + BASE64_LENGTH) ||
		strlen(text) > BASE64_LENGTH + 1)
		return false;
	for (size_t i = 0; i < BASE64_LENGTH; i++) {
		int digit = base64_digit(text[i]);

		if (digit < 0)
			return false;
		bits = bits << 6 | (unsigned)digit;
		count += 6;
		if (count >= 8) {
			count -= 8;
			hash[n++] = (unsigned char)(bits >> count);
		}
	}
	return !(bits & 3);
}

static bool decode(unsigned char hash[PIN_SIZE], const char *text)
{
	size_t len = strlen(text);
	size_t n;

	if (len == 2 * PIN_SIZE && strspn(text, "0123456789abcdefABCDEF") == len)
		return hex_decode(hash, &n, text, len) == 0 && n == PIN_SIZE;
	return len >= BASE64_LENGTH && decode_base64(hash, text);
}

int pins_add(struct pins *p, const char *word, struct str *err)
{
	unsigned char hash[PIN_SIZE];

	if (strncmp(word, PREFIX, strlen(PREFIX)) != 0)
		return bad_word(err, word, "is no pin: sha256: and the hash of a public key");
	if (!decode(hash, word + strlen(PREFIX)))
		return bad_word(err, word,
			"is no pin: a hash has 64 hexadecimal digits, or 44 "
			"characters of base64");
	p->items = xrealloc(p->items, (p->count + 1) * sizeof(*p->items));
	memcpy(p->items[p->count++], hash, PIN_SIZE);
	return 0;
}

void pins_fini(struct pins *p)
{
	free(p->items);
	*p = (struct pins){0};
}

bool pins_have(const struct pins *p, const unsigned char hash[PIN_SIZE])
{
	for (size_t i = 0; i < p->count; i++)
		if (memcmp(p->items[i], hash, PIN_SIZE) == 0)
			return true;
	return false;
}
