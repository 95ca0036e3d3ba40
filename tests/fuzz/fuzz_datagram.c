// SPDX-License-Identifier: ISC
// Datagrams from the network as they are printed: fit for a terminal where that is promised, and
// read back byte for byte.
#include "fuzz.h"

#include "base/hex.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "net/dgram/splitter.h"
#include "out/datagram_text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define LIMIT 4096

static void check_hex(const uint8_t *data, size_t len)
{
	struct str text = {0};
	char *back = xmalloc(len);
	size_t n = 0;

	str_add_hex(&text, data, len);
	require(text.len == 2 * len);
	require(hex_decode(back, &n, str_c(&text), text.len) == 0);
	require(n == len && memcmp(back, data, len) == 0);
	free(back);
	str_fini(&text);
}

// Any bytes as text in hex: what is decoded never takes more room than promised.
static void check_hex_text(const uint8_t *data, size_t len)
{
	char *back = xmalloc(len / 2);
	size_t n = 0;
	size_t offset;
	struct iovec digits;

	if (hex_decode(back, &n, (const char *)data, len) == 0)
		require(n <= len / 2);
	if (hex_dump_line((const char *)data, len, &offset, &digits))
		require((const uint8_t *)digits.iov_base > data &&
			(const uint8_t *)digits.iov_base + digits.iov_len <= data + len);
	free(back);
}

// DEL is no danger, and JSON has no need to escape it.
static void require_printable(const struct iovecs *g)
{
	for (size_t i = 0; i < g->count; i++) {
		const unsigned char *p = g->pieces[i].iov_base;
		uint32_t code;

		for (size_t left = g->pieces[i].iov_len, n; left; p += n, left -= n) {
			n = utf8_decode(p, left, &code);
			require(n > 0);
			require(code == '\n' || code == 127 || !utf8_is_unsafe(code));
		}
	}
}

static void require_read_back(
	enum framing framing, const struct iovecs *g, const struct datagram *d)
{
	struct splitter s;
	struct iovec slice;
	size_t room;

	splitter_init(&s, framing, LIMIT, LIMIT);
	for (size_t i = 0; i < g->count; i++) {
		void *to = splitter_room(&s, &room);

		require(g->pieces[i].iov_len <= room);
		memcpy(to, g->pieces[i].iov_base, g->pieces[i].iov_len);
		splitter_add(&s, g->pieces[i].iov_len);
	}
	require(splitter_next(&s, &slice) == 1);
	require(slice.iov_len == d->len);
	require(!d->len || memcmp(slice.iov_base, d->data, d->len) == 0);
	require(splitter_next(&s, &slice) == 0);
	splitter_fini(&s);
}

static void check_framing(enum framing framing, const struct datagram *d)
{
	struct datagram_writer w;
	const struct iovecs *g;

	datagram_writer_init(&w, framing, 0);
	datagram_writer_add(&w, d);
	g = datagram_writer_take(&w);
	require_printable(g);
	require_read_back(framing, g, d);
	datagram_writer_fini(&w);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct sockaddr_any source = {.len = 0};
	struct ipv4_header header;
	struct datagram d = {.data = data, .len = len, .real_len = len, .hops = -1};

	if (len > LIMIT)
		return 0;
	if (ipv4_decode(&header, data, len) == 0) {
		require(header.len >= 20 && header.len <= 60 && header.len <= len);
		d.ip = &header;
	}
	if (len) {
		// The name that a peer of the Unix domain has given itself.
		source.len =
			(socklen_t)(sizeof(sa_family_t) + MIN(len, sizeof(source.un.sun_path)));
		source.sa.sa_family = AF_UNIX;
		memcpy(source.un.sun_path, data, source.len - sizeof(sa_family_t));
		d.source = &source;
	}
	check_hex(data, len);
	check_hex_text(data, len);
	check_framing(FRAMING_HEX, &d);
	check_framing(FRAMING_JSON, &d);
	return 0;
}
