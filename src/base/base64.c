// SPDX-License-Identifier: ISC
#include "base/base64.h"

// Adds LEN bytes, three of which become four characters; the last group is filled up with '='.
void str_add_base64(struct str *s, const void *data, size_t len)
{
	static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				       "0123456789+/";
	const unsigned char *p = data;

	str_reserve(s, (len + 2) / 3 * 4);
	for (size_t i = 0; i < len; i += 3) {
		size_t left = len - i;
		unsigned group = (unsigned)p[i] << 16 | (left > 1 ? (unsigned)p[i + 1] << 8 : 0) |
				 (left > 2 ? p[i + 2] : 0);

		str_addc(s, alphabet[group >> 18]);
		str_addc(s, alphabet[group >> 12 & 0x3f]);
		str_addc(s, left > 1 ? alphabet[group >> 6 & 0x3f] : '=');
		str_addc(s, left > 2 ? alphabet[group & 0x3f] : '=');
	}
}
