// SPDX-License-Identifier: ISC
// Cutting a stream into datagrams: the same whole and in pieces, within the limit, or an error fit
// for a terminal.
#include "fuzz.h"

#include "net/dgram/splitter.h"

#include <errno.h>
#include <string.h>

#define LIMIT 48 // of a datagram
#define MAX_CUTS 7

// What came out: each datagram with its length before it, and how it ended.
struct result {
	struct str datagrams;
	struct str error;
	int code;
};

static void take_all(struct splitter *s, struct result *r)
{
	struct iovec slice;

	while ((r->code = splitter_next(s, &slice)) > 0) {
		require(slice.iov_len <= LIMIT || s->framing == FRAMING_LINE);
		str_addn(&r->datagrams, &slice.iov_len, sizeof(slice.iov_len));
		str_addn(&r->datagrams, slice.iov_base, slice.iov_len);
	}
	if (r->code < 0)
		str_addn(&r->error, str_c(&s->error), s->error.len);
}

static void feed(struct splitter *s, struct result *r, const uint8_t *data, size_t len)
{
	while (len && r->code == 0) {
		size_t room;
		void *to = splitter_room(s, &room);
		size_t n = MIN(len, room);

		require(room > 0);
		memcpy(to, data, n);
		splitter_add(s, n);
		take_all(s, r);
		data += n;
		len -= n;
	}
}

static void run(struct splitter *s, struct result *r, const uint8_t *cuts, size_t ncuts,
	const uint8_t *data, size_t len)
{
	size_t room;

	splitter_restart(s);
	for (size_t i = 0; i < ncuts; i++) {
		size_t n = MIN(cuts[i], len);

		feed(s, r, data, n);
		data += n;
		len -= n;
	}
	feed(s, r, data, len);
	if (r->code == 0) {
		splitter_room(s, &room);
		splitter_add(s, 0);
		take_all(s, r);
	}
	require(r->code == 0 || r->code == -EINVAL || r->code == -EMSGSIZE);
	if (r->code < 0)
		require_message(str_c(&r->error));
}

static void require_equal(const struct str *a, const struct str *b)
{
	require(a->len == b->len);
	require(!a->len || memcmp(a->data, b->data, a->len) == 0);
}

static void result_fini(struct result *r)
{
	str_fini(&r->datagrams);
	str_fini(&r->error);
}

// The first byte says how datagrams stand in the stream and where it is cut.
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct splitter s;
	struct result whole = {0};
	struct result pieces = {0};
	size_t ncuts = len ? MIN(data[0] / 8u % (MAX_CUTS + 1), len - 1) : 0;
	const uint8_t *cuts = data + 1;

	if (!len)
		return 0;
	splitter_init(&s, data[0] % (FRAMING_JSON + 1), 1 + data[0] % LIMIT, LIMIT);
	data += 1 + ncuts;
	len -= 1 + ncuts;
	run(&s, &whole, NULL, 0, data, len);
	run(&s, &pieces, cuts, ncuts, data, len);
	require(whole.code == pieces.code);
	require_equal(&whole.datagrams, &pieces.datagrams);
	require_equal(&whole.error, &pieces.error);
	result_fini(&whole);
	result_fini(&pieces);
	splitter_fini(&s);
	return 0;
}
