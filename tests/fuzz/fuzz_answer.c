// SPDX-License-Identifier: ISC
// Answers of HTTP/1: read alike whole and in pieces, with bounded memory, and never partial again
// once they are not.
#include "fuzz.h"

#include "base/mem.h"
#include "relay/answer.h"
#include "relay/head.h"

#include <stdlib.h>
#include <string.h>

static struct answer *read_pieces(const uint8_t *data, size_t len, size_t step, bool has_no_body)
{
	struct answer *a = answer_create(has_no_body);
	bool was_partial = true;

	for (size_t i = 0; i < len; i += step) {
		size_t n = MIN(step, len - i);
		char *piece = xmalloc(n);

		memcpy(piece, data + i, n);
		answer_add(a, piece, n);
		free(piece);
		require(a->text.len <= HEAD_MOST);
		require(was_partial || !answer_is_partial(a));
		was_partial = answer_is_partial(a);
	}
	return a;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	for (int has_no_body = 0; has_no_body < 2; has_no_body++) {
		struct answer *whole = read_pieces(data, len, MAX(len, (size_t)1), has_no_body);

		for (size_t step = 1; step < 4; step++) {
			struct answer *a = read_pieces(data, len, step, has_no_body);

			require(a->state == whole->state && a->left == whole->left);
			answer_destroy(a);
		}
		answer_destroy(whole);
	}
	return 0;
}
