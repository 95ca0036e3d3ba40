// SPDX-License-Identifier: ISC
#include "fuzz.h"

#include "base/mem.h"
#include "base/utf8.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void fuzz_broken(const char *file, int line, const char *promise)
{
	fprintf(stderr, "%s:%d: broken: %s\n", file, line, promise);
	abort();
}

void fuzz_words_init(struct fuzz_words *w, const uint8_t *data, size_t len)
{
	const char *p = (const char *)data;
	const char *end = p + len;

	*w = (struct fuzz_words){0};
	while (w->argc < FUZZ_MAX_WORDS) {
		const char *stop = p;

		while (stop < end && *stop != '\n' && *stop != '\0')
			stop++;
		w->argv[w->argc++] = xstrndup(p, (size_t)(stop - p));
		if (stop == end)
			break;
		p = stop + 1;
	}
}

void fuzz_words_fini(struct fuzz_words *w)
{
	for (int i = 0; i < FUZZ_MAX_WORDS; i++)
		free(w->argv[i]);
}

void require_message(const char *text)
{
	const unsigned char *p = (const unsigned char *)text;
	size_t left = strlen(text);
	int lines = 1;
	uint32_t code;
	size_t n;

	require(left > 0);
	for (; left; p += n, left -= n) {
		n = utf8_decode(p, left, &code);
		require(n > 0);
		lines += code == '\n';
		require(code == '\n' || !utf8_is_unsafe(code));
	}
	require(lines <= 2);
}
