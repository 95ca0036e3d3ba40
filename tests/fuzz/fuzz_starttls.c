// SPDX-License-Identifier: ISC
// What servers say before TLS: cut anywhere, it leads to the same end; nothing is kept without end,
// and nothing that came in plain is left when TLS begins.
#include "fuzz.h"

#include "tls/starttls/starttls.h"

#include <string.h>

// Gives all of it in pieces of SIZE bytes.
static enum starttls_state talk(
	struct starttls *s, const uint8_t *data, size_t len, size_t size, struct str *said)
{
	enum starttls_state state = STARTTLS_GOES_ON;

	for (size_t at = 0; at < len && state == STARTTLS_GOES_ON; at += size) {
		state = starttls_hear(s, data + at, MIN(size, len - at));
		str_addn(said, str_c(&s->say), s->say.len);
		str_clear(&s->say);
		require(s->heard.len <= STARTTLS_MAX);
	}
	require(state != STARTTLS_READY || s->heard.len == 0);
	require((state == STARTTLS_FAILED) == (s->failure.len > 0));
	if (s->failure.len)
		require_message(str_c(&s->failure));
	return state;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct starttls whole, pieces;
	struct str said = {0}, said_in_pieces = {0};
	enum starttls_protocol protocol;

	if (!len)
		return 0;
	protocol = STARTTLS_SMTP + data[0] % (STARTTLS_MYSQL - STARTTLS_SMTP + 1);
	starttls_init(&whole, protocol, "a<b.test");
	starttls_init(&pieces, protocol, "a<b.test");
	talk(&whole, data + 1, len - 1, len, &said);
	talk(&pieces, data + 1, len - 1, 1, &said_in_pieces);
	// Whoever gets ahead of the dialogue is refused; byte by byte it may look well-timed.
	require(said.len <= said_in_pieces.len &&
		memcmp(str_c(&said), str_c(&said_in_pieces), said.len) == 0);
	str_fini(&said);
	str_fini(&said_in_pieces);
	starttls_fini(&whole);
	starttls_fini(&pieces);
	return 0;
}
