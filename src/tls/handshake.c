// SPDX-License-Identifier: ISC
#include "tls/handshake.h"

#include "base/mem.h"
#include "io/timer.h"
#include "io/watch.h"
#include "sys/socket.h"
#include "tls/internal.h"

#include <errno.h>
#include <stdlib.h>

#define PIECE 4096

enum phase {
	PHASE_WORDS, // STARTTLS
	PHASE_SHAKE,
	PHASE_CONFIRM,
};

struct handshake {
	struct tls *tls;
	int fd;
	enum phase phase;
	bool is_check;
	uint64_t limit_ms;
	struct starttls words;
	bool are_over; // the plain words are said once words.say is sent
	struct watch watch;
	struct timer limit;
	handshake_fn *done;
	void *data;
};

// Sends what is to be said in plain. Returns 0 once all has gone.
static int send_words(struct handshake *h)
{
	struct str *s = &h->words.say;

	while (s->len) {
		ssize_t n = sys_send(h->fd, s->data, s->len, MSG_DONTWAIT | MSG_NOSIGNAL);

		if (n < 0)
			return (int)n;
		str_drop(s, (size_t)n);
	}
	return 0;
}

// The peer has ended or broken the connection before TLS began.
static int fail_in_words(struct handshake *h, int error)
{
	struct str *s;

	if (error == 0) {
		s = tls_fail(h->tls, TLS_FAIL_TRUNCATED, -EPROTO);
		if (s)
			str_add(s, "the peer ended the connection before TLS began (--starttls)");
		return -EPROTO;
	}
	s = tls_fail(h->tls, TLS_FAIL_ERRNO, error);
	if (s)
		str_add_error(s, error);
	return error;
}

// Hears what the server says. Returns 0 when TLS may begin.
static int hear_words(struct handshake *h)
{
	char buf[PIECE];
	ssize_t n = sys_recv(h->fd, buf, sizeof(buf), MSG_DONTWAIT);
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
	return r == 0 || r == -EAGAIN || h->tls->failure.kind ? r : fail_in_words(h, r);
}

static int step_confirm(struct handshake *h)
{
	int r;

	if (tls_is_confirmed(h->tls))
		return 0;
	// A server that has nothing to say ends when it is told to, or says why it refused.
	r = tls_end(h->tls);
	return r < 0 && r != -EAGAIN ? r : tls_confirm(h->tls);
}

static int step(struct handshake *h)
{
	int r = 0;

	if (h->phase == PHASE_WORDS)
		r = step_words(h);
	if (r == 0 && h->phase == PHASE_WORDS)
		h->phase = PHASE_SHAKE;
	if (r == 0 && h->phase == PHASE_SHAKE)
		r = tls_handshake(h->tls);
	if (r == 0 && h->phase == PHASE_SHAKE)
		h->phase = PHASE_CONFIRM;
	if (r == 0 && h->is_check)
		r = step_confirm(h);
	return r;
}

// What is waited for next.
static unsigned wants(const struct handshake *h)
{
	if (h->phase == PHASE_WORDS)
		return h->words.say.len ? WATCH_WRITE : WATCH_READ;
	return (tls_wants(h->tls, true) & TLS_WANTS_READ ? WATCH_READ : 0) |
	       (tls_wants(h->tls, true) & TLS_WANTS_WRITE || tls_unsent(h->tls) ? WATCH_WRITE : 0);
}

static void finish(struct handshake *h, int result)
{
	watch_fini(&h->watch);
	timer_stop(&h->limit);
	h->done(h, result, h->data);
}

static void on_ready(struct watch *w, unsigned events)
{
	struct handshake *h = w->data;
	int r;

	(void)events; // an error is met by the call that it belongs to
	r = step(h);
	if (r == -EAGAIN)
		watch_want(&h->watch, wants(h));
	else
		finish(h, r);
}

static void on_limit(void *data)
{
	struct handshake *h = data;
	struct str *s = tls_fail(h->tls, TLS_FAIL_TIMEOUT, -ETIMEDOUT);

	if (s) {
		str_addf(s, "no answer to %s within ",
			h->phase == PHASE_WORDS ? "--starttls" : "the TLS handshake");
		if (h->limit_ms % 1000)
			str_addf(s, "%ums", (unsigned)h->limit_ms);
		else
			str_addf(s, "%us", (unsigned)(h->limit_ms / 1000));
		str_addf(s, " (is it %s port?)", h->phase == PHASE_WORDS ? "the right" : "a TLS");
	}
	finish(h, -ETIMEDOUT);
}

struct handshake *handshake_create(uv_loop_t *loop, struct tls *t, int fd,
	const struct handshake_options *options, handshake_fn *done, void *data, int *error)
{
	struct handshake *h = xcalloc(1, sizeof(*h));

	h->tls = t;
	h->fd = fd;
	h->done = done;
	h->data = data;
	h->is_check = options->is_check;
	h->limit_ms = options->limit_ms;
	h->phase = options->protocol ? PHASE_WORDS : PHASE_SHAKE;
	if (options->protocol)
		starttls_init(&h->words, options->protocol, t->name);
	timer_init(&h->limit, loop, on_limit, h);
	*error =
		watch_init(&h->watch, loop, fd, options->is_shared ? WATCH_SHARED : 0, on_ready, h);
	if (*error < 0) {
		handshake_destroy(h);
		return NULL;
	}
	if (h->limit_ms)
		timer_start(&h->limit, h->limit_ms);
	// What the client says first goes at once. The rest waits for the loop, a failure too.
	watch_want(&h->watch, step(h) == -EAGAIN ? wants(h) : WATCH_WRITE);
	return h;
}

void handshake_destroy(struct handshake *h)
{
	if (!h)
		return;
	watch_fini(&h->watch);
	timer_fini(&h->limit);
	starttls_fini(&h->words);
	free(h);
}
