// SPDX-License-Identifier: ISC
#include "tls/serving.h"

#include <string.h>

#define AUTHORITIES_TOLD 64 // more would make the handshake long for what helps few clients

static bool is_for(const struct identity *id, const char *name)
{
	return ossl.X509_check_host(id->certificate, name, strlen(name),
		       X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT,
		       NULL) == 1;
}

static void show(SSL *ssl, const struct identity *id)
{
	ossl.SSL_use_cert_and_key(ssl, id->certificate, id->key, id->chain, 1);
}

// Shows all certificates for the name that the client asks for, which may differ in the kind of
// key; only the first to who asks for another name, or for none.
static int on_server_name(SSL *ssl, int *alert, void *arg)
{
	struct tls_context *c = tls_of(ssl)->context;
	const char *name = ossl.SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
	bool is_known = false;

	(void)alert;
	(void)arg;
	ossl.SSL_certs_clear(ssl);
	for (size_t i = c->identity_count; name && i-- > 0;) // the first is set last, and stays
		if (is_for(&c->identities[i], name)) {
			show(ssl, &c->identities[i]);
			is_known = true;
		}
	if (!is_known)
		show(ssl, &c->identities[0]);
	ossl.ERR_clear_error();
	return is_known ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_NOACK;
}

// Says which certificates are good here, so that a client with several shows the right one.
static void tell_authorities(struct tls_context *c)
{
	STACK_OF(X509) *all = ossl.X509_STORE_get1_all_certs(c->trust.store);
	int count = all ? sk_X509_num(all) : 0;

	for (int i = 0; i < count && count <= AUTHORITIES_TOLD; i++)
		ossl.SSL_CTX_add_client_CA(c->ssl, sk_X509_value(all, i));
	if (all)
		ossl.OPENSSL_sk_pop_free((OPENSSL_STACK *)all, (OPENSSL_sk_freefunc)ossl.X509_free);
}

static int on_ticket_made(SSL *ssl, void *arg)
{
	(void)ssl;
	(void)arg;
	return 1;
}

// A ticket brings a certificate back that was verified when it was issued; meanwhile that may have
// ended.
static SSL_TICKET_RETURN on_ticket(SSL *ssl, SSL_SESSION *session, const unsigned char *name,
	size_t len, SSL_TICKET_STATUS status, void *arg)
{
	X509 *peer = session ? ossl.SSL_SESSION_get0_peer(session) : NULL;

	(void)ssl;
	(void)name;
	(void)len;
	(void)arg;
	if (status != SSL_TICKET_SUCCESS && status != SSL_TICKET_SUCCESS_RENEW)
		return SSL_TICKET_RETURN_IGNORE_RENEW;
	if (!peer || ossl.X509_cmp_current_time(ossl.X509_get0_notAfter(peer)) < 0)
		return SSL_TICKET_RETURN_IGNORE_RENEW;
	return status == SSL_TICKET_SUCCESS ? SSL_TICKET_RETURN_USE : SSL_TICKET_RETURN_USE_RENEW;
}

// Sessions are the client's to keep. The keys of tickets are the context's own, so that none gets
// past certificates, authorities or lists that were read after it.
static void set_tickets(struct tls_context *c)
{
	static const unsigned char id[] = "sockctl";

	ossl.SSL_CTX_set_num_tickets(c->ssl, 1);
	ossl.SSL_CTX_set_session_id_context(c->ssl, id, sizeof(id) - 1);
	if (c->settings.authorities.count)
		ossl.SSL_CTX_set_session_ticket_cb(c->ssl, on_ticket_made, on_ticket, NULL);
}

int serving_prepare(struct tls_context *c, struct str *err)
{
	const struct strlist *allowed = &c->settings.allowed;
	int r = 0;

	set_tickets(c);
	if (c->identity_count > 1)
		SSL_CTX_set_tlsext_servername_callback(c->ssl, on_server_name);
	if (c->settings.authorities.count)
		tell_authorities(c);
	for (size_t i = 0; i < allowed->count && r == 0; i++)
		r = allow_add(&c->allow, allowed->items[i], err);
	return r;
}
