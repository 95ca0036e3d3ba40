// SPDX-License-Identifier: ISC
// Escaping: whatever the bytes, the text is safe and says all of them.
#include "fuzz.h"

#include "base/utf8.h"

#include <stdlib.h>
#include <string.h>

static void unescape(struct str *out, const char *p)
{
	while (*p) {
		if (*p != '\\') {
			str_addc(out, *p++);
			continue;
		}
		p++;
		if (*p == 'x') {
			const char hex[] = {p[1], p[2], '\0'};

			str_addc(out, (char)strtoul(hex, NULL, 16));
			p += 3;
		} else {
			require(*p && strchr("nrt\\", *p));
			str_addc(out, *p == 'n' ? '\n' : *p == 'r' ? '\r' : *p == 't' ? '\t' : *p);
			p++;
		}
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct str safe = {0};
	struct str back = {0};

	str_add_escaped(&safe, data, len);
	for (size_t at = 0, n; at < safe.len; at += n) {
		uint32_t code;

		n = utf8_decode((unsigned char *)safe.data + at, safe.len - at, &code);
		require(n > 0 && !utf8_is_unsafe(code));
	}
	require(safe.len >= len && safe.len <= 4 * len);
	unescape(&back, str_c(&safe));
	require(back.len == len && (!len || memcmp(back.data, data, len) == 0));
	str_fini(&safe);
	str_fini(&back);
	return 0;
}
