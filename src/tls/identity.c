// SPDX-License-Identifier: ISC
#include "tls/identity.h"

#include "base/mem.h"
#include "tls/certificate.h"
#include "tls/internal.h"
#include "io/secret.h"
#include "tls/trust.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#define SOON (14 * 86400) // a certificate that ends within is worth a warning

#define NO_KEY "has no private key in PEM form"

// What a callback of OpenSSL needs to find the passphrase, and what became of it.
struct asking {
	const char *password; // where it is
	const char *object; // what it is for
	bool was_needed;
	int error;
};

void identity_fini(struct identity *id)
{
	if (id->chain)
		ossl.OPENSSL_sk_pop_free(
			(OPENSSL_STACK *)id->chain, (OPENSSL_sk_freefunc)ossl.X509_free);
	ossl.X509_free(id->certificate);
	ossl.EVP_PKEY_free(id->key);
	*id = (struct identity){0};
}

struct identity identity_share(const struct identity *id)
{
	struct identity same = *id;

	ossl.X509_up_ref(id->certificate);
	ossl.EVP_PKEY_up_ref(id->key);
	if (id->chain)
		same.chain = ossl.X509_chain_up_ref(id->chain);
	return same;
}

// Adds "FILE WHY" to ERR. Returns R.
static int bad_file(struct str *err, const char *file, const char *why, int r)
{
	str_add_object(err, file);
	str_addf(err, " %s", why);
	return r;
}

// OpenSSL's own would put a question on the terminal of a service and wait.
static int on_password(char *buf, int size, int is_writing, void *arg)
{
	struct asking *a = arg;
	struct secret s = {0};
	int len = -1;

	(void)is_writing;
	a->was_needed = true;
	a->error = secret_read_password(&s, a->password, a->object);
	if (a->error == 0 && s.len <= (size_t)size) {
		memcpy(buf, s.data, s.len);
		len = (int)s.len;
	}
	secret_fini(&s);
	return len;
}

// Says why a passphrase did not open FILE.
static int not_opened(const struct asking *a, const char *file, struct str *err)
{
	if (a->error == -ENXIO)
		return bad_file(err, file, "is encrypted: --key-password FILE gives the passphrase",
			-EBADMSG);
	if (a->error == -EINTR)
		return bad_file(err, file, "is encrypted and no passphrase was given", -EBADMSG);
	if (a->error < 0)
		return trust_cannot_read(err, a->password, a->error);
	return bad_file(err, file, "cannot be opened with this passphrase", -EBADMSG);
}

// Appends to the chain, which takes over the certificate.
static void add_to_chain(struct identity *id, X509 *x509)
{
	if (!id->chain)
		id->chain = (STACK_OF(X509) *)ossl.OPENSSL_sk_new_null();
	ossl.OPENSSL_sk_push((OPENSSL_STACK *)id->chain, x509);
}

// The first certificate is ours, the others lead to its authority.
static int read_pem_certificates(
	struct identity *id, const char *file, const struct secret *s, struct str *err)
{
	BIO *bio = ossl.BIO_new_mem_buf(s->data, (int)s->len);
	X509 *x509;

	id->certificate = ossl.PEM_read_bio_X509_AUX(bio, NULL, NULL, NULL);
	while (id->certificate && (x509 = ossl.PEM_read_bio_X509(bio, NULL, NULL, NULL)))
		add_to_chain(id, x509);
	ossl.BIO_free(bio);
	ossl.ERR_clear_error();
	if (id->certificate)
		return 0;
	if (s->len && s->data[0] == 0x30)
		return bad_file(err, file,
			"has no certificate in PEM form (it is DER; openssl x509 -inform DER "
			"converts it)",
			-EBADMSG);
	return bad_file(err, file, "has no certificate", -EBADMSG);
}

// WITHOUT is what is said of a file that has none.
static int read_pem_key(struct identity *id, const char *file, const struct secret *s,
	const char *password, const char *without, struct str *err)
{
	BIO *bio = ossl.BIO_new_mem_buf(s->data, (int)s->len);
	struct asking a = {.password = password, .object = file};

	id->key = ossl.PEM_read_bio_PrivateKey(bio, NULL, on_password, &a);
	ossl.BIO_free(bio);
	ossl.ERR_clear_error();
	if (id->key)
		return 0;
	if (a.was_needed)
		return not_opened(&a, file, err);
	return bad_file(err, file, without, -EBADMSG);
}

// Opens a PKCS#12 file, which holds all of it: without a passphrase if that does.
static int read_pkcs12(
	struct identity *id, PKCS12 *p12, const char *file, const char *password, struct str *err)
{
	struct asking a = {.password = password, .object = file};
	struct secret s = {0};
	bool is_open = ossl.PKCS12_verify_mac(p12, "", 0) || ossl.PKCS12_verify_mac(p12, NULL, 0);
	int r = 0;

	if (!is_open) {
		a.error = secret_read_password(&s, password, file);
		if (a.error < 0 || !ossl.PKCS12_verify_mac(p12, s.data, (int)s.len))
			r = not_opened(&a, file, err);
	}
	if (r == 0 && !ossl.PKCS12_parse(
			      p12, s.data ? s.data : "", &id->key, &id->certificate, &id->chain))
		r = bad_file(err, file,
			"is encrypted by an algorithm that OpenSSL 3 does not use any more; export "
			"it anew (openssl pkcs12 -legacy reads it)",
			-EBADMSG);
	if (r == 0 && (!id->certificate || !id->key))
		r = bad_file(err, file, "lacks a certificate or its private key", -EBADMSG);
	secret_fini(&s);
	ossl.ERR_clear_error();
	return r;
}

// The PKCS#12 structure in a file, or NULL where it is something else.
static PKCS12 *find_pkcs12(const struct secret *s)
{
	BIO *bio;
	PKCS12 *p12;

	if (!s->len || s->data[0] != 0x30)
		return NULL;
	bio = ossl.BIO_new_mem_buf(s->data, (int)s->len);
	p12 = ossl.d2i_PKCS12_bio(bio, NULL);
	ossl.BIO_free(bio);
	ossl.ERR_clear_error();
	return p12;
}

// A symbolic link or an inherited descriptor may well show a mode of its own: it is only said.
static void warn_of_mode(const char *file, const struct secret *s, struct str *notes)
{
	if (!S_ISREG(s->mode) || !(s->mode & (S_IRGRP | S_IROTH)))
		return;
	str_add_object(notes, file);
	str_addf(notes, " holds a private key and can be read by others (mode %04o)\n",
		(unsigned)(s->mode & 07777));
}

static void warn_of_end(const struct identity *id, const char *file, struct str *notes)
{
	struct certificate c = {0};
	int64_t now = time(NULL);

	certificate_read(&c, id->certificate);
	if (c.is_dated && c.not_after - now < SOON) {
		int64_t days = certificate_days_left(&c, now);

		str_add_object(notes, file);
		if (c.not_after < now)
			str_add(notes, " has expired\n");
		else
			str_addf(notes, " expires in %lld day%s\n", (long long)days,
				days == 1 ? "" : "s");
	}
	certificate_fini(&c);
}

// Reads what the first file has: everything, or the certificates and perhaps the key.
static int read_file(struct identity *id, const char *file, bool has_key, const char *password,
	struct str *notes, struct str *err)
{
	struct secret s = {0};
	PKCS12 *p12;
	int r = secret_read(&s, file);

	if (r < 0)
		return trust_cannot_read(err, file, r);
	p12 = find_pkcs12(&s);
	if (p12)
		r = read_pkcs12(id, p12, file, password, err);
	else
		r = read_pem_certificates(id, file, &s, err);
	if (r == 0 && !p12 && has_key)
		r = read_pem_key(id, file, &s, password,
			NO_KEY "; --key FILE names the file that has it", err);
	if (r == 0 && has_key)
		warn_of_mode(file, &s, notes);
	ossl.PKCS12_free(p12);
	secret_fini(&s);
	return r;
}

static int read_key_file(struct identity *id, const char *file, const char *password,
	struct str *notes, struct str *err)
{
	struct secret s = {0};
	int r = secret_read(&s, file);

	if (r < 0)
		return trust_cannot_read(err, file, r);
	ossl.EVP_PKEY_free(id->key); // a PKCS#12 file may have brought another
	id->key = NULL;
	r = read_pem_key(id, file, &s, password, NO_KEY, err);
	if (r == 0)
		warn_of_mode(file, &s, notes);
	secret_fini(&s);
	return r;
}

int identity_load(struct identity *id, const char *file, const char *key_file, const char *password,
	struct str *notes, struct str *err)
{
	int r;

	*id = (struct identity){0};
	if (key_file && strcmp(key_file, file) == 0)
		key_file = NULL; // it may be a descriptor, which gives what is in it once
	r = read_file(id, file, !key_file, password, notes, err);
	if (r == 0 && key_file)
		r = read_key_file(id, key_file, password, notes, err);
	if (r == 0 && !ossl.X509_check_private_key(id->certificate, id->key)) {
		str_add(err, "the key ");
		str_add_escaped(
			err, key_file ? key_file : file, strlen(key_file ? key_file : file));
		str_add(err, " does not belong to the certificate ");
		str_add_object(err, file);
		r = -EKEYREJECTED;
	}
	if (r == 0)
		warn_of_end(id, file, notes);
	else
		identity_fini(id);
	ossl.ERR_clear_error();
	return r;
}

int identity_use(const struct identity *id, SSL_CTX *ctx, const char *file, struct str *err)
{
	// No chain given: OpenSSL would build one from the authorities that we trust.
	SSL_CTX_set_mode(ctx, SSL_MODE_NO_AUTO_CHAIN);
	if (ossl.SSL_CTX_use_cert_and_key(ctx, id->certificate, id->key, id->chain, 1) == 1)
		return 0;
	str_add_object(err, file);
	str_addf(err, " cannot be used: %s",
		ossl.ERR_reason_error_string(ossl.ERR_peek_error()) ?: "refused by OpenSSL");
	ossl.ERR_clear_error();
	return -EKEYREJECTED;
}
