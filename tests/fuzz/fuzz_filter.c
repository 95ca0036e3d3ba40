// SPDX-License-Identifier: ISC
// The CRLF and telnet filters: the same whole and in pieces, and never more than they may add.
#include "fuzz.h"

#include "relay/filter.h"

#include <string.h>

// Runs the filter over DATA in pieces whose lengths come from CUTS, each byte one length.
static void run(struct filter *f, const uint8_t *cuts, size_t ncuts, const uint8_t *data,
	size_t len, struct str *out)
{
	for (size_t i = 0; i < ncuts; i++) {
		size_t n = MIN(cuts[i], len);

		f->run(f, data, n, out);
		data += n;
		len -= n;
	}
	f->run(f, data, len, out);
}

static void require_equal(const struct str *a, const struct str *b)
{
	require(a->len == b->len);
	require(!a->len || memcmp(a->data, b->data, a->len) == 0);
}

static void check_crlf(const uint8_t *cuts, size_t ncuts, const uint8_t *data, size_t len)
{
	struct crlf_filter c;
	struct str whole = {0};
	struct str pieces = {0};
	struct str again = {0};

	crlf_filter_init(&c);
	run(&c.filter, NULL, 0, data, len, &whole);
	crlf_filter_init(&c);
	run(&c.filter, cuts, ncuts, data, len, &pieces);
	require_equal(&whole, &pieces);
	for (size_t i = 0; i < whole.len; i++)
		require(whole.data[i] != '\n' || (i && whole.data[i - 1] == '\r'));

	crlf_filter_init(&c);
	c.filter.run(&c.filter, (const uint8_t *)str_c(&whole), whole.len, &again);
	require_equal(&whole, &again);
	str_fini(&whole);
	str_fini(&pieces);
	str_fini(&again);
}

static void check_replies(const struct str *replies, size_t len)
{
	require(replies->len <= len && replies->len % 3 == 0);
	for (size_t i = 0; i < replies->len; i += 3) {
		unsigned char verb = (unsigned char)replies->data[i + 1];

		require((unsigned char)replies->data[i] == 255);
		require(verb == 252 || verb == 254); // WONT and DONT
	}
}

static void check_telnet(const uint8_t *cuts, size_t ncuts, const uint8_t *data, size_t len)
{
	struct telnet_filter a;
	struct telnet_filter b;
	struct str whole = {0};
	struct str pieces = {0};

	telnet_filter_init(&a);
	telnet_filter_init(&b);
	run(&a.filter, NULL, 0, data, len, &whole);
	run(&b.filter, cuts, ncuts, data, len, &pieces);
	require_equal(&whole, &pieces);
	require_equal(&a.replies, &b.replies);
	require(whole.len <= len);
	check_replies(&a.replies, len);
	telnet_filter_fini(&a);
	telnet_filter_fini(&b);
	str_fini(&whole);
	str_fini(&pieces);
}

static void check_escape(const uint8_t *cuts, size_t ncuts, const uint8_t *data, size_t len)
{
	struct telnet_escape_filter e;
	struct telnet_filter t;
	struct str wire = {0};
	struct str back = {0};

	telnet_escape_filter_init(&e, false);
	run(&e.filter, cuts, ncuts, data, len, &wire);
	telnet_filter_init(&t);
	t.filter.run(&t.filter, (const uint8_t *)str_c(&wire), wire.len, &back);
	require(back.len == len && (!len || memcmp(back.data, data, len) == 0));
	require(t.replies.len == 0);
	telnet_filter_fini(&t);
	str_fini(&wire);
	str_fini(&back);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	size_t ncuts = len ? MIN(data[0] % 8u, len - 1) : 0;
	const uint8_t *cuts = data + 1;

	if (!len)
		return 0;
	data += 1 + ncuts;
	len -= 1 + ncuts;
	check_crlf(cuts, ncuts, data, len);
	check_telnet(cuts, ncuts, data, len);
	check_escape(cuts, ncuts, data, len);
	return 0;
}
