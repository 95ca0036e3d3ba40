// SPDX-License-Identifier: ISC
#include "tls_peer.h"

#include "unit.h"

#include <errno.h>
#include <openssl/err.h>
#include <sys/socket.h>
#include <unistd.h>

#define STEPS 100 // more than any handshake takes

void peer_init(struct peer *p, const struct issued *const *chain, int count)
{
	*p = (struct peer){.ctx = SSL_CTX_new(TLS_server_method())};
	SSL_CTX_set_security_level(p->ctx, 0);
	for (int i = 0; i < count; i++)
		if (i == 0)
			assert_int_equal(SSL_CTX_use_certificate(p->ctx, chain[i]->x509), 1);
		else
			assert_int_equal(SSL_CTX_add1_chain_cert(p->ctx, chain[i]->x509), 1);
	if (count)
		assert_int_equal(SSL_CTX_use_PrivateKey(p->ctx, chain[0]->key), 1);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, p->fds), 0);
}

int peer_join(struct peer *p, const struct tls_settings *settings, const char *name)
{
	int r;

	if (!p->ssl) {
		p->ssl = SSL_new(p->ctx);
		SSL_set_fd(p->ssl, p->fds[1]);
		SSL_set_accept_state(p->ssl);
	}
	r = tls_context_create(&p->context, settings, &p->notes, &p->err);
	if (r == 0)
		p->tls = tls_create(p->context, p->fds[0], name);
	return r;
}

void peer_fini(struct peer *p)
{
	tls_destroy(p->tls);
	tls_context_destroy(p->context);
	SSL_free(p->ssl);
	SSL_CTX_free(p->ctx);
	for (int i = 0; i < 2; i++)
		if (p->fds[i] >= 0)
			close(p->fds[i]);
	str_fini(&p->err);
	str_fini(&p->notes);
}

int peer_shake(struct peer *p)
{
	int r = -EAGAIN;

	for (int i = 0; i < STEPS && r == -EAGAIN; i++) {
		r = tls_handshake(p->tls);
		ERR_clear_error();
		SSL_do_handshake(p->ssl);
	}
	return r;
}
