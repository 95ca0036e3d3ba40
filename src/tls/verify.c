// SPDX-License-Identifier: ISC
// Whether the peer is who it should be: the chain, its dates, its purpose and the name, by OpenSSL;
// pins and the names of clients, by us.
#include "base/hex.h"
#include "base/mem.h"
#include "tls/internal.h"

#include <time.h>

#define NAMES_SHOWN 3

static struct tls *tls_of_store(X509_STORE_CTX *store)
{
	return tls_of(
		ossl.X509_STORE_CTX_get_ex_data(store, ossl.SSL_get_ex_data_X509_STORE_CTX_idx()));
}

// Sees each error first. Only the peer's own certificate must be covered by a list: for its
// authorities, lists are used where they were given. The line is made here, while OpenSSL knows
// which list the error is about.
static int on_verify_step(int ok, X509_STORE_CTX *store)
{
	struct tls *t = tls_of_store(store);

	if (ok)
		return ok;
	if (ossl.X509_STORE_CTX_get_error(store) == X509_V_ERR_UNABLE_TO_GET_CRL &&
		ossl.X509_STORE_CTX_get_error_depth(store) > 0) {
		ossl.X509_STORE_CTX_set_error(store, X509_V_OK);
		return 1;
	}
	str_clear(&t->verdict->why);
	str_add_verify_error(&t->verdict->why, t, store);
	return 0;
}

// Prepares STORE for another try with what the trust knows by now. What OpenSSL has set for the
// first one is set again.
static bool begin_again(X509_STORE_CTX *store, struct tls *t, X509 *leaf)
{
	X509_VERIFY_PARAM *param;
	bool ok;

	ossl.X509_STORE_CTX_cleanup(store);
	ok = ossl.X509_STORE_CTX_init(store, t->context->trust.store, leaf, t->verdict->sent) ==
		     1 &&
	     ossl.X509_STORE_CTX_set_ex_data(
		     store, ossl.SSL_get_ex_data_X509_STORE_CTX_idx(), t->ssl) == 1 &&
	     ossl.X509_STORE_CTX_set_default(
		     store, t->context->settings.is_server ? "ssl_client" : "ssl_server") == 1;
	if (!ok)
		return false;
	param = ossl.X509_STORE_CTX_get0_param(store);
	ossl.X509_VERIFY_PARAM_set1(param, ossl.SSL_get0_param(t->ssl));
	ossl.X509_VERIFY_PARAM_set_auth_level(param, ossl.SSL_get_security_level(t->ssl));
	return true;
}

// True if the system's bundle could bring the authority that is missing.
static bool is_unknown(int error)
{
	switch (error) {
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
	case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
	case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
	case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
		return true;
	default:
		return false;
	}
}

static bool verify(X509_STORE_CTX *store, struct tls *t, X509 *leaf)
{
	ossl.X509_STORE_CTX_set_verify_cb(store, on_verify_step);
	if (ossl.X509_verify_cert(store) == 1)
		return true;
	if (!is_unknown(ossl.X509_STORE_CTX_get_error(store)) ||
		!trust_read_bundle(&t->context->trust) || !begin_again(store, t, leaf))
		return false;
	ossl.X509_STORE_CTX_set_verify_cb(store, on_verify_step);
	return ossl.X509_verify_cert(store) == 1;
}

// Sets the failure for a key that was not pinned.
static void fail_by_pin(struct tls *t, const unsigned char hash[PIN_SIZE])
{
	struct str *s = tls_fail(t, TLS_FAIL_PIN, X509_V_ERR_CERT_REJECTED);

	if (!s)
		return;
	str_add(s, "the key is sha256:");
	str_add_hex(s, hash, PIN_SIZE);
	str_add(s,
		", not the pinned one: the connection is intercepted, or the server has a new key");
}

// A pinned key is enough, whatever its certificate says; that it has ended is worth a note.
static void note_dates(struct tls *t, X509 *leaf)
{
	struct certificate c = {0};

	certificate_read(&c, leaf);
	if (c.is_dated && time(NULL) > c.not_after) {
		str_add(&t->verdict->why, "the certificate has expired on ");
		str_add_date(&t->verdict->why, c.not_after);
	}
	certificate_fini(&c);
}

// Keeps what --show-certificates shows and messages name: after a failure OpenSSL has forgotten it.
static void keep_chains(struct tls *t, X509_STORE_CTX *store)
{
	STACK_OF(X509) *chain = ossl.X509_STORE_CTX_get0_chain(store);

	if (chain)
		t->verdict->verified = ossl.X509_chain_up_ref(chain);
}

static bool has_allowed_name(const struct allow *a, X509 *leaf)
{
	GENERAL_NAMES *names = ossl.X509_get_ext_d2i(leaf, NID_subject_alt_name, NULL, NULL);
	int count = names ? sk_GENERAL_NAME_num(names) : 0;
	bool found = false;

	for (int i = 0; i < count && !found; i++) {
		const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);
		enum allow_kind kind = name->type == GEN_DNS   ? ALLOW_DNS
				       : name->type == GEN_URI ? ALLOW_URI
							       : ALLOW_EMAIL;

		if (name->type == GEN_DNS || name->type == GEN_URI || name->type == GEN_EMAIL)
			found = allow_has(a, kind,
				(const char *)ossl.ASN1_STRING_get0_data(name->d.ia5),
				(size_t)ossl.ASN1_STRING_length(name->d.ia5));
	}
	ossl.GENERAL_NAMES_free(names);
	return found;
}

static bool has_allowed_cn(const struct allow *a, X509 *leaf)
{
	X509_NAME *subject = ossl.X509_get_subject_name(leaf);
	int at = ossl.X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
	unsigned char *text = NULL;
	bool found;
	int len;

	if (at < 0)
		return false;
	len = ossl.ASN1_STRING_to_UTF8(
		&text, ossl.X509_NAME_ENTRY_get_data(ossl.X509_NAME_get_entry(subject, at)));
	found = len > 0 && allow_has(a, ALLOW_CN, (const char *)text, (size_t)len);
	if (len >= 0)
		ossl.CRYPTO_free(text, __FILE__, __LINE__);
	return found;
}

// The certificate of a client is good; whether this client is wanted is another question.
static bool is_allowed(const struct allow *a, X509 *leaf, const unsigned char hash[PIN_SIZE])
{
	return allow_is_everybody(a) || pins_have(&a->keys, hash) || has_allowed_name(a, leaf) ||
	       has_allowed_cn(a, leaf);
}

static int refuse_name(struct tls *t, X509_STORE_CTX *store, X509 *leaf)
{
	struct certificate c = {0};
	struct str *s = tls_fail(t, TLS_FAIL_CERTIFICATE, X509_V_ERR_CERT_REJECTED);

	certificate_read(&c, leaf);
	if (s) {
		str_add(s, "the client is none that --allow-name admits: it is ");
		if (c.name_count)
			str_add_certificate_names(s, &c, NAMES_SHOWN);
		else
			str_addf(s, "CN:%s", str_c(&c.short_subject));
		str_addf(s, " (sha256:%s)", c.sha256);
	}
	certificate_fini(&c);
	ossl.X509_STORE_CTX_set_error(store, X509_V_ERR_CERT_REJECTED);
	return 0;
}

int tls_verify_chain(X509_STORE_CTX *store, void *arg)
{
	struct tls_context *c = arg;
	struct tls *t = tls_of_store(store);
	X509 *leaf = ossl.X509_STORE_CTX_get0_cert(store);
	unsigned char hash[PIN_SIZE] = {0};
	bool ok, has_hash = certificate_hash(hash, leaf);

	t->verdict = xcalloc(1, sizeof(*t->verdict));
	t->verdict->sent = ossl.X509_chain_up_ref(ossl.X509_STORE_CTX_get0_untrusted(store));
	if (c->pins.count && (!has_hash || !pins_have(&c->pins, hash))) {
		fail_by_pin(t, hash);
		ossl.X509_STORE_CTX_set_error(store, X509_V_ERR_CERT_REJECTED);
		return 0;
	}
	if (c->pins.count && !c->settings.authorities.count) {
		t->verdict->is_pinned = true;
		note_dates(t, leaf);
		ossl.X509_STORE_CTX_set_error(store, X509_V_OK);
		return 1;
	}
	ok = verify(store, t, leaf);
	t->verdict->error = ok ? X509_V_OK : ossl.X509_STORE_CTX_get_error(store);
	keep_chains(t, store);
	if (ok) {
		str_fini(&t->verdict->why); // the first try may have failed
		return is_allowed(&c->allow, leaf, hash) ? 1 : refuse_name(t, store, leaf);
	}
	if (c->settings.is_insecure)
		return 1;
	struct str *s = tls_fail(t, TLS_FAIL_CERTIFICATE, t->verdict->error);

	if (s) {
		t->failure->depth = ossl.X509_STORE_CTX_get_error_depth(store);
		str_addn(s, str_c(&t->verdict->why), t->verdict->why.len);
	}
	return 0;
}
