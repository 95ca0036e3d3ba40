// SPDX-License-Identifier: ISC
#include "tls/tls.h"

#include "base/mem.h"
#include "tls/internal.h"
#include "tls/name.h"

#include <errno.h>
#include <stdlib.h>

#define RECORD (size_t)(16 * 1024) // the most that one holds
#define BATCH (size_t)(8 * RECORD)
#define READ_AHEAD (BATCH + RECORD) // and a piece of the next
#define KEY_UPDATES_MAX 256 // without a byte of data between them

// Follows what is no data: who asks for a certificate, who speaks after the handshake, who changes
// keys without end. MESSAGE is a handshake message: its type, three bytes of length, its content.
static void on_message(
	int is_sent, int version, int type, const void *message, size_t len, SSL *ssl, void *arg)
{
	const unsigned char *p = message;
	struct tls *t = arg;

	(void)version;
	(void)ssl;
	if (is_sent || type != SSL3_RT_HANDSHAKE || !len)
		return;
	t->has_heard |= t->is_open;
	t->is_asked |= p[0] == SSL3_MT_CERTIFICATE_REQUEST;
	t->key_updates += p[0] == SSL3_MT_KEY_UPDATE;
	if (p[0] == SSL3_MT_SERVER_HELLO && len >= 6)
		t->server_version = p[4] << 8 | p[5];
}

// What a client asks for and expects.
static void set_name(struct tls *t, const char *name)
{
	X509_VERIFY_PARAM *param = ossl.SSL_get0_param(t->ssl);

	t->name = tls_name_plain(name);
	t->is_address = tls_name_is_address(t->name);
	if (t->is_address) {
		ossl.X509_VERIFY_PARAM_set1_ip_asc(param, t->name);
		return;
	}
	ossl.X509_VERIFY_PARAM_set1_host(param, t->name, 0);
	SSL_set_tlsext_host_name(t->ssl, t->name);
}

struct tls *tls_create(struct tls_context *c, int fd, const char *name)
{
	struct tls *t = xcalloc(1, sizeof(*t));
	BIO *bio;

	t->context = c;
	c->users++;
	t->wire = (struct wire){.fd = fd, .batch = &c->batch};
	t->recv_wants = TLS_WANTS_READ;
	t->send_wants = TLS_WANTS_WRITE;
	t->ssl = ossl.SSL_new(c->ssl);
	bio = wire_create_bio(&t->wire);
	ossl.SSL_set_bio(t->ssl, bio, bio);
	ossl.SSL_set_msg_callback(t->ssl, on_message);
	SSL_set_msg_callback_arg(t->ssl, t);
	if (c->settings.is_server) {
		ossl.SSL_set_accept_state(t->ssl);
	} else {
		ossl.SSL_set_connect_state(t->ssl);
		if (name)
			set_name(t, name);
	}
	return t;
}

void tls_set_below(struct tls *t, struct channel *below)
{
	wire_set_below(&t->wire, below);
}

static void free_chain(STACK_OF(X509) * chain)
{
	if (chain)
		ossl.OPENSSL_sk_pop_free(
			(OPENSSL_STACK *)chain, (OPENSSL_sk_freefunc)ossl.X509_free);
}

static void free_verdict(struct verdict *v)
{
	if (!v)
		return;
	free_chain(v->sent);
	free_chain(v->verified);
	str_fini(&v->why);
	free(v);
}

void tls_destroy(struct tls *t)
{
	if (!t)
		return;
	ossl.SSL_free(t->ssl); // says nothing to the peer: that is for tls_end() alone
	wire_fini(&t->wire);
	free_verdict(t->verdict);
	if (t->failure)
		str_fini(&t->failure->text);
	free(t->failure);
	free(t->name);
	tls_context_destroy(t->context);
	free(t);
}

// Begins a call: an error that another connection left must not be taken for one of this.
static void begin(struct tls *t)
{
	ossl.ERR_clear_error();
	wire_begin(&t->wire);
}

// A call of OpenSSL returned RET, which is no success. Returns 0 at the end, -EAGAIN after setting
// *wants, or another negative errno.
static int judge(struct tls *t, int ret, unsigned char *wants)
{
	switch (ossl.SSL_get_error(t->ssl, ret)) {
	case SSL_ERROR_WANT_READ:
		*wants = TLS_WANTS_READ;
		return -EAGAIN;
	case SSL_ERROR_WANT_WRITE:
		*wants = TLS_WANTS_WRITE;
		return -EAGAIN;
	case SSL_ERROR_ZERO_RETURN:
		t->has_ended = true;
		return 0;
	default:
		return tls_fail_by_library(t);
	}
}

// What only the handshake needed is over.
static void begin_data(struct tls *t)
{
	t->is_open = true;
	wire_forget_first(&t->wire);
	ossl.SSL_set_read_ahead(t->ssl, 0);
}

// Goes on with the handshake as far as what has come allows.
static int shake(struct tls *t)
{
	int ret, r;

	begin(t);
	ret = ossl.SSL_do_handshake(t->ssl);
	r = ret == 1 ? 0 : judge(t, ret, &t->recv_wants);
	if (ret != 1 && r == 0) // close_notify instead of an answer
		r = tls_fail_by_library(t);
	return r;
}

int tls_handshake(struct tls *t)
{
	int r, flushed;

	if (t->failure)
		return tls_failure_error(t->failure);
	r = shake(t);
	flushed = wire_flush(&t->wire); // also the alert that says why we refuse
	// Who takes no more has left, and may have said why.
	if (r == -EAGAIN && t->wire.send_error)
		r = shake(t);
	if ((r == 0 || r == -EAGAIN) && t->wire.send_error)
		r = tls_fail_by_library(t);
	if (r < 0 && r != -EAGAIN)
		return r;
	if (flushed == -EAGAIN) {
		t->recv_wants = TLS_WANTS_WRITE;
		return -EAGAIN;
	}
	if (r == 0)
		begin_data(t);
	return r;
}

bool tls_is_confirmed(const struct tls *t)
{
	return t->is_open && (t->has_heard || t->has_ended || !t->is_asked ||
				     ossl.SSL_version(t->ssl) < TLS1_3_VERSION);
}

int tls_confirm(struct tls *t)
{
	char byte;
	int ret, r;

	if (t->failure)
		return tls_failure_error(t->failure);
	if (tls_is_confirmed(t))
		return 0;
	begin(t);
	ret = ossl.SSL_peek(t->ssl, &byte, 1);
	t->has_heard |= ret > 0;
	r = ret > 0 ? 0 : judge(t, ret, &t->recv_wants);
	return r == -EAGAIN && tls_is_confirmed(t) ? 0 : r;
}

// Much data is read many records at a time, into a large buffer. A little is not worth making one:
// it is read record by record. A buffer is replaced while it is empty.
static void choose_buffer(struct tls *t, bool is_much)
{
	if (is_much == t->reads_much || !ossl.SSL_free_buffers(t->ssl))
		return;
	ossl.SSL_set_default_read_buffer_len(t->ssl, is_much ? READ_AHEAD : 0);
	ossl.SSL_set_read_ahead(t->ssl, is_much);
	t->reads_much = is_much;
}

// An end of TCP without close_notify, which the settings take for one.
static int end_of_socket(struct tls *t)
{
	if (!t->wire.has_ended || wire_is_inside(&t->wire) || !t->context->settings.takes_any_end ||
		ossl.ERR_peek_error())
		return tls_fail_by_library(t);
	t->has_ended = true;
	return 0;
}

// A call that reads returned RET. As judge().
static int judge_reading(struct tls *t, int ret)
{
	int error = ossl.SSL_get_error(t->ssl, ret);

	if (error == SSL_ERROR_SYSCALL)
		return end_of_socket(t);
	if (t->key_updates <= KEY_UPDATES_MAX)
		return judge(t, ret, &t->recv_wants);
	struct str *s = tls_fail(t, TLS_FAIL_PROTOCOL, -EPROTO);

	if (s)
		str_add(s, "the peer changes keys without end and sends no data");
	return -EPROTO;
}

ssize_t tls_recv(struct tls *t, void *buf, size_t len)
{
	size_t got = 0, n = 0;
	int r = -EAGAIN;

	t->has_more = false;
	if (t->has_ended)
		return 0;
	if (t->failure)
		return tls_failure_error(t->failure);
	begin(t);
	t->recv_wants = TLS_WANTS_READ;
	while (got < len) {
		int ret = ossl.SSL_read_ex(t->ssl, (char *)buf + got, len - got, &n);

		if (ret != 1) {
			r = judge_reading(t, ret);
			break;
		}
		got += n;
		t->has_heard = true;
		t->key_updates = 0;
	}
	if (wire_unsent(&t->wire)) // an answer to a change of keys
		wire_flush(&t->wire);
	choose_buffer(t, got >= RECORD);
	if (!got)
		return r;
	t->has_more = got == len ? ossl.SSL_has_pending(t->ssl) : r != -EAGAIN;
	return (ssize_t)got;
}

ssize_t tls_send(struct tls *t, const void *buf, size_t len)
{
	size_t done = 0, n = 0;
	int r;

	if (t->failure)
		return tls_failure_error(t->failure);
	begin(t);
	t->send_wants = TLS_WANTS_WRITE;
	r = wire_flush(&t->wire);
	if (r < 0)
		return r;
	while (done < len && wire_unsent(&t->wire) < BATCH) {
		int ret = ossl.SSL_write_ex(
			t->ssl, (const char *)buf + done, MIN(len - done, RECORD), &n);

		if (ret != 1) {
			r = judge(t, ret, &t->send_wants);
			break;
		}
		done += n;
	}
	if (r < 0 && r != -EAGAIN)
		return r;
	r = wire_flush(&t->wire);
	if (r < 0 && r != -EAGAIN)
		return r;
	return done ? (ssize_t)done : -EAGAIN;
}

int tls_flush(struct tls *t)
{
	t->send_wants = TLS_WANTS_WRITE;
	return wire_flush(&t->wire);
}

int tls_end(struct tls *t)
{
	// After a fatal error OpenSSL must not be asked, and a torn stream must not look whole.
	if (t->failure)
		return tls_failure_error(t->failure);
	if (!t->end_is_queued) {
		begin(t);
		ossl.SSL_shutdown(t->ssl);
		ossl.SSL_free_buffers(t->ssl); // an alert leaves its own behind
		ossl.ERR_clear_error();
		t->end_is_queued = t->wire.is_shut = true;
	}
	return tls_flush(t);
}

unsigned tls_wants(const struct tls *t, bool is_receiving)
{
	return is_receiving ? t->recv_wants : t->send_wants;
}

bool tls_has_more(const struct tls *t)
{
	return t->has_more || (t->wire.below && t->wire.below->has_more);
}

bool tls_has_ended(const struct tls *t)
{
	return t->has_ended;
}

size_t tls_unsent(const struct tls *t)
{
	return wire_unsent(&t->wire);
}

uint64_t tls_wire_sent(const struct tls *t)
{
	return t->wire.sent;
}

uint64_t tls_wire_received(const struct tls *t)
{
	return t->wire.received;
}

const struct tls_failure *tls_failure(const struct tls *t)
{
	static const struct tls_failure none;

	return t->failure ? t->failure : &none;
}
