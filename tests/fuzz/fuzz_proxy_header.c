// SPDX-License-Identifier: ISC
// PROXY headers: refused with a message, or read as what builds the same header again; the same
// whole and in pieces, and never a byte of what follows.
#include "fuzz.h"

#include "base/mem.h"
#include "proxy/header.h"
#include "proxy/tlv.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

// Reads pieces of STEP bytes, each in memory of its own.
static int read_pieces(struct proxy_header *h, const uint8_t *data, size_t len, size_t step,
	size_t *taken, struct str *err)
{
	int r = 0;

	*h = (struct proxy_header){0};
	for (*taken = 0; r == 0 && *taken < len;) {
		size_t n = MIN(step, len - *taken);
		char *piece = xmalloc(n);
		size_t used;

		memcpy(piece, data + *taken, n);
		r = proxy_header_read(h, piece, n, &used, err);
		free(piece);
		require(used <= n && (r != 0 || used == n));
		*taken += used;
	}
	return r;
}

static void require_same(const struct str *a, const struct str *b)
{
	require(a->len == b->len);
	require(a->len == 0 || memcmp(a->data, b->data, a->len) == 0);
}

static void check_tlvs(const struct proxy_header *h, struct str *plain)
{
	struct tlv t;
	size_t at = 0;
	int r;

	while ((r = tlv_next(h->tlvs.data, h->tlvs.len, &at, &t)) == 1)
		if (t.type != TLV_CRC32C)
			tlv_add(plain, t.type, t.value, t.len);
	require(r == 0 || h->is_local);
}

// What it says, said again.
static void check_again(const struct proxy_header *h)
{
	struct proxy_header plain = *h;
	struct proxy_header again;
	struct str wire = {0};
	struct str err = {0};
	size_t taken;

	plain.tlvs = (struct str){0};
	check_tlvs(h, &plain.tlvs);
	require(h->is_local || (h->source.len == 0) == (h->destination.len == 0));
	require(proxy_header_build(&plain, &wire, &err) == 0);
	require(read_pieces(&again, (const uint8_t *)wire.data, wire.len, wire.len, &taken, &err) ==
		1);
	require(taken == wire.len && again.version == h->version && again.is_local == h->is_local &&
		again.has_crc == h->has_crc && again.type == h->type);
	require(h->source.len == 0 || (sockaddr_equal(&again.source, &h->source) &&
					      sockaddr_equal(&again.destination, &h->destination)));
	str_fini(&plain.tlvs);
	str_fini(&wire);
	str_fini(&err);
	proxy_header_fini(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct proxy_header whole;
	struct proxy_header pieces;
	struct str err = {0};
	struct str err2 = {0};
	size_t taken;
	size_t taken2;
	int r = read_pieces(&whole, data, len, len, &taken, &err);

	require(r == 0 || r == 1 || r == -EPROTO);
	require(read_pieces(&pieces, data, len, len % 7 + 1, &taken2, &err2) == r);
	require(taken == taken2 && taken <= PROXY_V2_HEAD + PROXY_V2_MAX_LENGTH);
	require_same(&err, &err2);
	if (r < 0) {
		require_message(str_c(&err));
	} else {
		require(whole.wire.len == taken &&
			(!taken || memcmp(whole.wire.data, data, taken) == 0));
		require_same(&whole.tlvs, &pieces.tlvs);
	}
	if (r == 1)
		check_again(&whole);
	proxy_header_fini(&whole);
	proxy_header_fini(&pieces);
	str_fini(&err);
	str_fini(&err2);
	return 0;
}
