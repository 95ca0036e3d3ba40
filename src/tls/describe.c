// SPDX-License-Identifier: ISC
// What is told of a connection: in events, to programs, and with --show-certificates.
#include "tls/internal.h"

#include <string.h>

#define ALPN_SHOWN 64

static const char *version_of(const SSL *ssl)
{
	switch (ossl.SSL_version(ssl)) {
	case TLS1_VERSION:
		return "TLS 1.0";
	case TLS1_1_VERSION:
		return "TLS 1.1";
	case TLS1_2_VERSION:
		return "TLS 1.2";
	default:
		return "TLS 1.3";
	}
}

// The group of the key exchange as its standard calls it.
static const char *group_of(SSL *ssl)
{
	int nid = (int)SSL_ctrl(ssl, SSL_CTRL_GET_NEGOTIATED_GROUP, 0, NULL);
	const char *name = nid ? ossl.SSL_group_to_name(ssl, nid) : NULL;

	return name;
}

static void add_texts(struct tls_facts *f, const struct tls *t)
{
	const unsigned char *alpn;
	const char *name = ossl.SSL_get_servername(t->ssl, TLSEXT_NAMETYPE_host_name);
	unsigned len;

	ossl.SSL_get0_alpn_selected(t->ssl, &alpn, &len);
	if (len)
		str_add_escaped(&f->alpn, alpn, MIN(len, ALPN_SHOWN));
	if (name)
		str_add_escaped(&f->server_name, name, MIN(strlen(name), CERTIFICATE_NAME_MAX));
}

// The first of the chain to end ends it.
static int64_t first_end(STACK_OF(X509) * chain)
{
	int64_t end = INT64_MAX;

	for (int i = 0; chain && i < sk_X509_num(chain); i++) {
		struct certificate c = {0};

		certificate_read(&c, sk_X509_value(chain, i));
		if (c.is_dated)
			end = MIN(end, c.not_after);
		certificate_fini(&c);
	}
	return end == INT64_MAX ? 0 : end;
}

// That of a session which goes on by a ticket was good before.
static const struct verdict *verdict_of(const struct tls *t)
{
	static const struct verdict good;

	return t->verdict ? t->verdict : &good;
}

void tls_describe(const struct tls *t, struct tls_facts *f)
{
	const struct verdict *v = verdict_of(t);
	X509 *peer = v->sent && sk_X509_num(v->sent) > 0
			     ? sk_X509_value(v->sent, 0)
			     : ossl.SSL_get0_peer_certificate(t->ssl); // from before, by a ticket

	*f = (struct tls_facts){0};
	f->version = version_of(t->ssl);
	f->cipher = ossl.SSL_CIPHER_get_name(ossl.SSL_get_current_cipher(t->ssl));
	f->group = group_of(t->ssl);
	f->is_resumed = ossl.SSL_session_reused(t->ssl);
	add_texts(f, t);
	str_addn(&f->unverified, str_c(&v->why), v->why.len);
	f->has_peer_certificate = peer;
	if (!peer)
		return;
	certificate_read(&f->certificate, peer);
	f->is_pinned = v->is_pinned;
	f->is_verified = v->is_pinned || v->error == X509_V_OK;
	f->expires =
		v->sent ? first_end(v->verified ? v->verified : v->sent) : f->certificate.not_after;
	if (t->name && f->is_verified && !v->is_pinned)
		str_add_escaped(&f->peer, t->name, strlen(t->name));
	else if (f->certificate.name_count)
		str_add(&f->peer, str_c(&f->certificate.names[0]));
	else
		str_add(&f->peer, str_c(&f->certificate.short_subject));
}

void tls_facts_fini(struct tls_facts *f)
{
	str_fini(&f->alpn);
	str_fini(&f->server_name);
	str_fini(&f->peer);
	str_fini(&f->unverified);
	certificate_fini(&f->certificate);
}

static void visit(STACK_OF(X509) * chain, enum tls_chain which, tls_certificate_fn *fn, void *arg)
{
	for (int i = 0; chain && i < sk_X509_num(chain); i++) {
		struct certificate c = {0};

		certificate_read(&c, sk_X509_value(chain, i));
		fn(arg, which, (size_t)i, &c);
		certificate_fini(&c);
	}
}

void tls_for_each_certificate(const struct tls *t, tls_certificate_fn *fn, void *arg)
{
	const struct verdict *v = verdict_of(t);

	visit(v->sent, TLS_CHAIN_SENT, fn, arg);
	visit(v->error == X509_V_OK ? v->verified : NULL, TLS_CHAIN_VERIFIED, fn, arg);
}
