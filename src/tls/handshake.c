// SPDX-License-Identifier: ISC
#include "tls/handshake.h"

#include "sys/trace_c/trace_c.h"
#include "tls/internal.h"

#include <errno.h>
#include <string.h>

#define PIECE 4096

// Sends what is to be said in plain. Returns 0 once all has gone.
static int send_words(struct handshake *h)
{
	struct str *s = &h->words.say;

	while (s->len) {
		ssize_t n = wire_send(&h->tls->wire, s->data, s->len);

		if (n < 0)
			return (int)n;
		str_drop(s, (size_t)n);
	}
	return wire_flush(&h->tls->wire);
}

// The peer has ended or broken the connection before TLS began.
static int fail_in_words(struct handshake *h, int error)
{
	struct str *s;

	if (error == 0) {
		s = tls_fail(h->tls, TLS_FAIL_TRUNCATED, -ECONNABORTED);
		if (s)
			str_add(s, "the peer ended the connection before TLS began (--starttls)");
		return -ECONNABORTED;
	}
	s = tls_fail(h->tls, TLS_FAIL_ERRNO, error);
	if (s)
		str_add(s, strerror(-error));
	return error;
}

// Hears what the server says. Returns 0 when TLS may begin.
static int hear_words(struct handshake *h)
{
	char buf[PIECE];
	ssize_t n = wire_receive(&h->tls->wire, buf, sizeof(buf));
	struct str *s;

	if (n == -EAGAIN || n == -EINTR)
		return -EAGAIN;
	if (n <= 0)
		return fail_in_words(h, (int)n);
	switch (starttls_hear(&h->words, buf, (size_t)n)) {
	case STARTTLS_GOES_ON:
		return -EAGAIN;
	case STARTTLS_READY:
		h->are_over = true;
		return 0;
	default:
		s = tls_fail(h->tls, TLS_FAIL_NOT_TLS, -EPROTO);
		if (s)
			str_addn(s, str_c(&h->words.failure), h->words.failure.len);
		return -EPROTO;
	}
}

// One turn of the plain words. Returns 0 when they are over.
static int step_words(struct handshake *h)
{
	int r = send_words(h);

	while (r == 0 && !h->are_over) {
		r = hear_words(h);
		if (h->words.say.len && (r == 0 || r == -EAGAIN)) {
			int sent = send_words(h);

			r = sent < 0 ? sent : r;
		}
	}
	return r == 0 || r == -EAGAIN || h->tls->failure ? r : fail_in_words(h, r);
}

static int step_confirm(struct handshake *h)
{
	int r = tls_confirm(h->tls);

	// A server that has nothing to say ends when it is told to. One that has refused may be
	// gone: what it said is still to be read.
	if (r == -EAGAIN && tls_end(h->tls) != -EAGAIN)
		r = tls_confirm(h->tls);
	return r;
}

int handshake_step(struct handshake *h)
{
	int r = 0;

	if (h->phase == HANDSHAKE_WORDS)
		r = step_words(h);
	if (r == 0 && h->phase == HANDSHAKE_WORDS)
		h->phase = HANDSHAKE_TLS;
	if (r == 0 && h->phase == HANDSHAKE_TLS) {
		trace_c_add_tls(h->tls->wire.fd);
		r = tls_handshake(h->tls);
	}
	if (r == 0 && h->phase == HANDSHAKE_TLS)
		h->phase = HANDSHAKE_CONFIRM;
	if (r == 0 && h->is_check)
		r = step_confirm(h);
	return r;
}

unsigned handshake_wants(const struct handshake *h)
{
	if (h->phase == HANDSHAKE_WORDS)
		return h->words.say.len || tls_unsent(h->tls) ? TLS_WANTS_WRITE : TLS_WANTS_READ;
	return tls_wants(h->tls, true) | (tls_unsent(h->tls) ? TLS_WANTS_WRITE : 0);
}

void handshake_init(
	struct handshake *h, struct tls *t, enum starttls_protocol protocol, bool is_check)
{
	*h = (struct handshake){.tls = t,
		.phase = protocol ? HANDSHAKE_WORDS : HANDSHAKE_TLS,
		.is_check = is_check};
	if (protocol)
		starttls_init(&h->words, protocol, t->name);
}

void handshake_fini(struct handshake *h)
{
	starttls_fini(&h->words);
}
