// SPDX-License-Identifier: ISC
// What proxies say: each dialogue comes to an end or wants more, the same whole and in pieces,
// never takes a byte behind its end, and tells failures in words fit for a terminal.
#include "fuzz.h"

#include "base/mem.h"
#include "proxy/http.h"
#include "proxy/socks.h"

#include <stdlib.h>
#include <string.h>

union any {
	struct dialogue dialogue; // the first member of each
	struct socks socks;
	struct http_connect http;
};

struct result {
	enum dialogue_step step;
	size_t taken;
	struct str sent;
	struct str text;
	struct str notes;
};

static void begin(union any *any, uint8_t kind, bool *with_credentials, struct result *r)
{
	struct proxy_target target = {.name = "example.org", .port = 80};
	struct credentials given = {.user = (char *)"user", .password = (char *)"password"};
	struct credentials none = {0};
	const struct credentials *c = kind & 4 ? &given : &none;

	*with_credentials = kind & 8;
	if (kind % 4 == 0)
		r->step = socks4_init(&any->socks, &target, &none, &r->notes);
	else if (kind % 4 == 1)
		r->step = socks5_init(&any->socks, &target, c, &r->notes);
	else
		r->step = http_connect_init(&any->http, &target, c, with_credentials, &r->notes);
}

static void flush(struct dialogue *d, struct str *sent)
{
	str_addn(sent, d->send.data, d->send.len);
	dialogue_sent(d, d->send.len);
	require(!d->secret_len);
}

// Gives it pieces of STEP bytes, each in memory of its own, and then the end.
static void run(struct result *r, uint8_t kind, const uint8_t *data, size_t len, size_t step)
{
	union any any;
	bool with_credentials;

	*r = (struct result){0};
	begin(&any, kind, &with_credentials, r);
	require(r->step == DIALOGUE_MORE);
	flush(&any.dialogue, &r->sent);
	while (r->step == DIALOGUE_MORE && r->taken < len) {
		size_t n = MIN(step, len - r->taken);
		uint8_t *piece = xmalloc(n);
		size_t taken;

		memcpy(piece, data + r->taken, n);
		r->step = dialogue_read(&any.dialogue, piece, n, &taken);
		free(piece);
		require(taken > 0 && taken <= n);
		r->taken += taken;
		if (r->step == DIALOGUE_MORE)
			flush(&any.dialogue, &r->sent);
	}
	if (r->step == DIALOGUE_MORE)
		r->step = dialogue_end(&any.dialogue, 0);
	require(r->step != DIALOGUE_MORE);
	require(r->step != DIALOGUE_AGAIN || with_credentials);
	str_add(&r->text, str_c(&any.dialogue.failure.text));
	require((r->step == DIALOGUE_FAILED) == (any.dialogue.failure.fault != PROXY_NO_FAULT));
	dialogue_fini(&any.dialogue);
}

static void require_same(const struct str *a, const struct str *b)
{
	require(a->len == b->len);
	require(a->len == 0 || memcmp(a->data, b->data, a->len) == 0);
}

static void result_fini(struct result *r)
{
	str_fini(&r->sent);
	str_fini(&r->text);
	str_fini(&r->notes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct result whole;
	struct result pieces;

	if (len == 0)
		return 0;
	run(&whole, data[0], data + 1, len - 1, len);
	run(&pieces, data[0], data + 1, len - 1, data[0] % 5 + 1);
	require(whole.step == pieces.step);
	require(whole.step == DIALOGUE_FAILED || whole.taken == pieces.taken);
	require_same(&whole.sent, &pieces.sent);
	require_same(&whole.text, &pieces.text);
	require_same(&whole.notes, &pieces.notes);
	if (whole.step == DIALOGUE_FAILED)
		require_message(str_c(&whole.text));
	require(!strchr(str_c(&whole.notes), '\x1b'));
	result_fini(&whole);
	result_fini(&pieces);
	return 0;
}
