// SPDX-License-Identifier: ISC
// What is shown of a certificate: whatever a stranger wrote into it, a terminal is shown text, and
// not without end.
#include "fuzz.h"

#include "tls/certificate.h"
#include "tls/library.h"

#include <string.h>

#define SHOWN_MAX (size_t)(64 * 1024)

// Requires text for a terminal: any number of lines, none with what steers one.
static void require_lines(const struct str *s)
{
	require(strlen(str_c(s)) == s->len && s->len < SHOWN_MAX);
	for (size_t i = 0; i < s->len; i++) {
		unsigned char c = (unsigned char)s->data[i];

		require(c >= ' ' || c == '\n');
		require(c != 0x7f);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct str s = {0};
	struct certificate c;

	require(library_open(&s) == 0);
	if (certificate_parse(&c, data, len) == 0) {
		str_add_certificate(&s, &c, 1700000000, "  ");
		str_add_certificate_names(&s, &c, CERTIFICATE_NAMES + 1);
		require_lines(&s);
		require(strlen(c.sha256) == 64 || !*c.sha256);
	}
	certificate_fini(&c);
	str_fini(&s);
	return 0;
}
