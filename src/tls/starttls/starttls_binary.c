// SPDX-License-Identifier: ISC
#include "tls/starttls/starttls_binary.h"

#include <stdbool.h>
#include <string.h>

#define SHOWN 100 // bytes of what a server says about an error

const unsigned char postgres_request[8] = {0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f}; // 80877103

// Length 32, number 1; CLIENT_SSL, CLIENT_PROTOCOL_41 and CLIENT_SECURE_CONNECTION; the most that
// a packet may have; utf8mb4.
const unsigned char mysql_request[36] = {
	32, 0, 0, 1, 0x00, 0x8a, 0x00, 0x00, 0x00, 0x00, 0x00, 0x01, 45};

// ExtendedRequest 1 for 1.3.6.1.4.1.1466.20037.
const unsigned char ldap_request[31] = {0x30, 29, 0x02, 1, 1, 0x77, 24, 0x80, 22, '1', '.', '3',
	'.', '6', '.', '1', '.', '4', '.', '1', '.', '1', '4', '6', '6', '.', '2', '0', '0', '3',
	'7'};

// One byte: S, N, or an error of a server that knows no such request, which nobody has vouched for
// and is not shown (CVE-2024-10977).
enum answer postgres_answer(const unsigned char *p, size_t len, size_t *used, struct str *why)
{
	(void)why;
	if (!len)
		return ANSWER_INCOMPLETE;
	*used = 1;
	if (*p == 'S')
		return ANSWER_GOOD;
	return *p == 'N' || *p == 'E' ? ANSWER_REFUSED : ANSWER_BAD;
}

// A packet has three bytes of length, its number, and then: 10, the version with a NUL, the number
// of the thread (4), 8 bytes of a challenge, 0, and the lower half of what it can do. An error:
// 255, its number (2), its text.
enum answer mysql_greeting(const unsigned char *p, size_t len, size_t *used, struct str *why)
{
	enum { HEADER = 4, VERSION = 10, AFTER_VERSION = 4 + 8 + 1, CAN_SSL = 0x0800 };
	size_t size = len >= HEADER ? (size_t)(p[0] | p[1] << 8 | p[2] << 16) : 0;
	const unsigned char *nul;

	if (len >= HEADER && (p[3] != 0 || size < 4 || size > 4096))
		return ANSWER_BAD;
	if (len < HEADER || len < HEADER + size)
		return ANSWER_INCOMPLETE;
	*used = HEADER + size;
	p += HEADER;
	if (p[0] == 255) {
		str_add_escaped(why, p + 3, size - 3 < SHOWN ? size - 3 : SHOWN);
		return ANSWER_REFUSED;
	}
	nul = p[0] == VERSION ? memchr(p + 1, 0, size - 1) : NULL;
	if (!nul || (size_t)(nul - p) + 1 + AFTER_VERSION + 2 > size)
		return ANSWER_BAD;
	p = nul + 1 + AFTER_VERSION;
	return (p[0] | p[1] << 8) & CAN_SSL ? ANSWER_GOOD : ANSWER_REFUSED;
}

// What is left of a message in BER.
struct ber {
	const unsigned char *p;
	size_t len;
};

// Takes the head of an element with this tag: its content becomes *content, which may reach further
// than what has come. Returns false for another tag or a length of more than two bytes.
static bool ber_head(struct ber *b, unsigned char tag, size_t *content)
{
	size_t extra;

	if (b->len < 2 || b->p[0] != tag)
		return false;
	*content = b->p[1];
	extra = *content & 0x80 ? *content & 0x7f : 0;
	if (extra > 2 || (*content & 0x80 && !extra) || b->len < 2 + extra)
		return false;
	if (extra)
		*content = 0;
	for (size_t i = 0; i < extra; i++)
		*content = *content << 8 | b->p[2 + i];
	b->p += 2 + extra;
	b->len -= 2 + extra;
	return true;
}

// Takes a whole element of one byte.
static bool ber_byte(struct ber *b, unsigned char tag, unsigned char *value)
{
	size_t size;

	if (!ber_head(b, tag, &size) || size != 1 || b->len < 1)
		return false;
	*value = *b->p++;
	b->len--;
	return true;
}

// True if the head of a message may only be incomplete.
static bool ber_is_begun(const unsigned char *p, size_t len)
{
	if (len >= 1 && p[0] != 0x30)
		return false;
	if (len < 2 || !(p[1] & 0x80))
		return len < 2;
	return (p[1] & 0x7f) >= 1 && (p[1] & 0x7f) <= 2 && len < 2u + (p[1] & 0x7f);
}

// LDAPMessage { 1, ExtendedResponse { resultCode, ... } }.
enum answer ldap_answer(const unsigned char *p, size_t len, size_t *used, struct str *why)
{
	struct ber b = {p, len};
	unsigned char number, code;
	size_t size, inner;

	if (ber_is_begun(p, len))
		return ANSWER_INCOMPLETE;
	if (!ber_head(&b, 0x30, &size) || size > 8192)
		return ANSWER_BAD;
	if (b.len < size)
		return ANSWER_INCOMPLETE;
	*used = len - b.len + size;
	b.len = size;
	if (!ber_byte(&b, 0x02, &number) || number != 1 || !ber_head(&b, 0x78, &inner) ||
		inner > b.len || !ber_byte(&b, 0x0a, &code))
		return ANSWER_BAD;
	if (code == 0)
		return ANSWER_GOOD;
	str_addf(why, "result %u", code);
	return ANSWER_REFUSED;
}
