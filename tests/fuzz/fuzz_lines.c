// SPDX-License-Identifier: ISC
// Lines that come in pieces: the same as those of the whole, and no byte is lost.
#include "fuzz.h"

#include "base/lines.h"

#include <string.h>

// Takes all lines there are, and ends each with a newline again.
static void take(struct lines *l, struct str *out)
{
	const char *line;
	size_t len;

	while ((line = lines_next(l, &len))) {
		require(line[len] == '\0' && !memchr(line, '\n', len));
		str_addn(out, line, len);
		str_addc(out, '\n');
	}
}

// The length of each piece is in the byte before it.
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct lines l = {0};
	struct str whole = {0};
	struct str out = {0};

	for (size_t n; len; data += n, len -= n) {
		len--; // the byte of the length
		n = MIN(*data, len);
		data++;
		lines_add(&l, data, n);
		str_addn(&whole, data, n);
		take(&l, &out);
		require(out.len + lines_left(&l) == whole.len);
	}
	lines_end(&l);
	take(&l, &out);
	require(lines_left(&l) == 0);
	if (whole.len && whole.data[whole.len - 1] != '\n')
		str_addc(&whole, '\n');
	require(out.len == whole.len && (!out.len || memcmp(out.data, whole.data, out.len) == 0));
	lines_fini(&l);
	str_fini(&whole);
	str_fini(&out);
	return 0;
}
