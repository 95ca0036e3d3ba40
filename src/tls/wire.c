// SPDX-License-Identifier: ISC
#include "tls/wire.h"

#include "base/mem.h"
#include "sys/socket.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

// One call reads at most so much: a peer that sends without end what is no data (empty records,
// changes of keys) must not keep the process within it.
#define BUDGET (uint32_t)(512 * 1024)

// More than that unsent, and nothing is written until the peer reads.
#define UNSENT_MAX (size_t)(256 * 1024)

void wire_begin(struct wire *w)
{
	w->budget = BUDGET;
	w->is_drained = false;
}

size_t wire_unsent(const struct wire *w)
{
	return (w->rest ? w->rest->len : 0) + w->batch->len + (w->below ? w->below->unsent : 0);
}

void wire_set_below(struct wire *w, struct channel *below)
{
	w->below = below;
	w->batch = xcalloc(1, sizeof(*w->batch));
}

ssize_t wire_receive(struct wire *w, void *buf, size_t len)
{
	return w->below ? w->below->ops->recv(w->below, buf, len)
			: sys_recv(w->fd, buf, len, MSG_DONTWAIT);
}

ssize_t wire_send(struct wire *w, const void *buf, size_t len)
{
	return w->below ? w->below->ops->send(w->below, buf, len)
			: sys_send(w->fd, buf, len, MSG_DONTWAIT | MSG_NOSIGNAL);
}

bool wire_is_inside(const struct wire *w)
{
	return w->header_len > 0;
}

// Follows the records in LEN bytes. A record is a header of five bytes, the last two of which are
// the length of what follows (RFC 8446, section 5.1).
static void follow_records(struct wire *w, const unsigned char *p, size_t len)
{
	while (len) {
		bool is_body = w->header_len == sizeof(w->header);
		size_t n = MIN(len, is_body ? w->body_left : sizeof(w->header) - w->header_len);

		if (is_body) {
			w->body_left -= (uint16_t)n;
		} else {
			memcpy(w->header + w->header_len, p, n);
			w->header_len += (unsigned char)n;
			if (w->header_len == sizeof(w->header))
				w->body_left = (uint16_t)(w->header[3] << 8 | w->header[4]);
		}
		if (w->header_len == sizeof(w->header) && !w->body_left)
			w->header_len = 0;
		p += n;
		len -= n;
	}
}

static void keep_first(struct wire *w, const unsigned char *p, size_t len)
{
	size_t n = MIN(len, WIRE_FIRST - w->first_len);

	if (!w->first)
		return;
	memcpy(w->first + w->first_len, p, n);
	w->first_len += (unsigned char)n;
}

void wire_forget_first(struct wire *w)
{
	free(w->first);
	w->first = NULL;
	w->first_len = 0;
}

// Reads from the socket. What blocks, and what the budget no longer covers, is tried again later.
static int on_read(BIO *bio, char *buf, size_t len, size_t *got)
{
	struct wire *w = ossl.BIO_get_data(bio);
	ssize_t n;

	*got = 0;
	ossl.BIO_clear_flags(bio, BIO_FLAGS_RWS | BIO_FLAGS_SHOULD_RETRY);
	if (w->recv_error || w->has_ended)
		return 0;
	n = w->is_drained || !w->budget ? -EAGAIN : wire_receive(w, buf, len);
	if (n == -EAGAIN || n == -EINTR) {
		w->is_drained = n == -EAGAIN;
		ossl.BIO_set_flags(bio, BIO_FLAGS_READ | BIO_FLAGS_SHOULD_RETRY);
		return 0;
	}
	if (n <= 0) {
		w->recv_error = (int)n;
		w->has_ended = n == 0;
		return 0;
	}
	*got = (size_t)n;
	w->is_drained = *got < len && !w->below;
	w->budget -= (uint32_t)MIN(w->budget, *got);
	w->received += *got;
	keep_first(w, (unsigned char *)buf, *got);
	follow_records(w, (unsigned char *)buf, *got);
	return 1;
}

// Gathers; wire_flush() sends. OpenSSL answers some messages of the peer, such as a request for new
// keys, also after our close_notify, which is the last that may go (RFC 8446, section 6.1).
static int on_write(BIO *bio, const char *data, size_t len, size_t *put)
{
	struct wire *w = ossl.BIO_get_data(bio);

	ossl.BIO_clear_flags(bio, BIO_FLAGS_RWS | BIO_FLAGS_SHOULD_RETRY);
	*put = 0;
	if (w->send_error)
		return 0;
	if (w->is_shut) {
		*put = len;
		return 1;
	}
	if (wire_unsent(w) > UNSENT_MAX) {
		ossl.BIO_set_flags(bio, BIO_FLAGS_WRITE | BIO_FLAGS_SHOULD_RETRY);
		return 0;
	}
	str_addn(w->batch, data, len);
	*put = len;
	return 1;
}

// An end is no EOF to OpenSSL, which would send an alert about it: the caller asks the wire.
static long on_ctrl(BIO *bio, int command, long number, void *ptr)
{
	(void)bio;
	(void)number;
	(void)ptr;
	return command == BIO_CTRL_FLUSH || command == BIO_CTRL_DUP;
}

static BIO_METHOD *method(void)
{
	static BIO_METHOD *m;

	if (m)
		return m;
	m = ossl.BIO_meth_new(ossl.BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "sockctl");
	ossl.BIO_meth_set_read_ex(m, on_read);
	ossl.BIO_meth_set_write_ex(m, on_write);
	ossl.BIO_meth_set_ctrl(m, on_ctrl);
	return m;
}

BIO *wire_create_bio(struct wire *w)
{
	BIO *bio = ossl.BIO_new(method());

	w->first = xmalloc(WIRE_FIRST);
	ossl.BIO_set_data(bio, w);
	ossl.BIO_set_init(bio, 1);
	return bio;
}

static void forget_rest(struct wire *w)
{
	if (w->rest)
		str_fini(w->rest);
	free(w->rest);
	w->rest = NULL;
}

void wire_fini(struct wire *w)
{
	forget_rest(w);
	wire_forget_first(w);
	if (w->below) {
		str_fini(w->batch);
		free(w->batch);
	}
}

// Sends as much of S as the kernel takes, and adds it to *sent.
static int send_some(struct wire *w, const struct str *s, size_t *sent)
{
	while (*sent < s->len) {
		ssize_t n = wire_send(w, s->data + *sent, s->len - *sent);

		if (n < 0)
			return (int)n;
		*sent += (size_t)n;
		w->sent += (uint64_t)n;
	}
	return 0;
}

// What the kernel did not take becomes the connection's own: the batch is for the next one.
static void keep_rest(struct wire *w, size_t sent)
{
	if (sent < w->batch->len) {
		if (!w->rest)
			w->rest = xcalloc(1, sizeof(*w->rest));
		str_addn(w->rest, w->batch->data + sent, w->batch->len - sent);
	}
	str_clear(w->batch);
}

// Returns 0 once nothing of it is left.
static int send_rest(struct wire *w)
{
	size_t sent = 0;
	int r;

	if (!w->rest)
		return 0;
	r = send_some(w, w->rest, &sent);
	str_drop(w->rest, sent);
	if (!w->rest->len)
		forget_rest(w);
	return r;
}

int wire_flush(struct wire *w)
{
	size_t sent = 0;
	int r = w->send_error;

	if (!wire_unsent(w))
		return r;
	if (r == 0)
		r = send_rest(w);
	if (r == 0)
		r = send_some(w, w->batch, &sent);
	keep_rest(w, sent);
	if (r == 0 && w->below)
		r = channel_flush(w->below);
	if (r == -EINTR)
		r = -EAGAIN;
	if (r != 0 && r != -EAGAIN) {
		w->send_error = r;
		forget_rest(w); // it can never go
	}
	return r;
}
