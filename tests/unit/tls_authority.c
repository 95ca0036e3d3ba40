// SPDX-License-Identifier: ISC
#include "tls_authority.h"

#include "unit.h"

#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define DAY 86400L

static void add_extension(X509 *x509, const struct issued *by, int nid, const char *value)
{
	X509V3_CTX ctx;
	X509_EXTENSION *e;

	if (!value)
		return;
	X509V3_set_ctx(&ctx, by ? by->x509 : x509, x509, NULL, NULL, 0);
	e = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
	assert_non_null(e);
	assert_int_equal(X509_add_ext(x509, e, -1), 1);
	X509_EXTENSION_free(e);
}

static void add_raw_san(X509 *x509, const char *bytes, int len)
{
	GENERAL_NAMES *names = GENERAL_NAMES_new();
	GENERAL_NAME *name = GENERAL_NAME_new();

	name->type = GEN_DNS;
	name->d.dNSName = ASN1_IA5STRING_new();
	ASN1_STRING_set(name->d.dNSName, bytes, len);
	sk_GENERAL_NAME_push(names, name);
	assert_int_equal(X509_add1_ext_i2d(x509, NID_subject_alt_name, names, 0, 0), 1);
	GENERAL_NAMES_free(names);
}

static void add_unknown(X509 *x509, const char *number)
{
	ASN1_OBJECT *id = OBJ_txt2obj(number, 1);
	ASN1_OCTET_STRING *value = ASN1_OCTET_STRING_new();
	X509_EXTENSION *e;

	ASN1_OCTET_STRING_set(value, (const unsigned char *)"\x05", 2);
	e = X509_EXTENSION_create_by_OBJ(NULL, id, 1, value);
	assert_int_equal(X509_add_ext(x509, e, -1), 1);
	X509_EXTENSION_free(e);
	ASN1_OCTET_STRING_free(value);
	ASN1_OBJECT_free(id);
}

struct issued issue(const struct wish *w, const struct issued *by)
{
	static long serial = 1000;
	struct issued i = {
		w->rsa_bits ? EVP_RSA_gen((unsigned)w->rsa_bits) : EVP_EC_gen("P-256"), X509_new()};
	long from = w->from || w->to ? w->from : -1, to = w->from || w->to ? w->to : 365;

	X509_set_version(i.x509, X509_VERSION_3);
	ASN1_INTEGER_set(X509_get_serialNumber(i.x509), serial++);
	X509_gmtime_adj(X509_getm_notBefore(i.x509), from * DAY);
	X509_gmtime_adj(X509_getm_notAfter(i.x509), to * DAY);
	X509_set_pubkey(i.x509, i.key);
	if (w->cn)
		X509_NAME_add_entry_by_txt(X509_get_subject_name(i.x509), "CN", MBSTRING_UTF8,
			(const unsigned char *)w->cn, -1, -1, 0);
	X509_set_issuer_name(i.x509, X509_get_subject_name(by ? by->x509 : i.x509));
	add_extension(i.x509, by, NID_subject_alt_name, w->san);
	add_extension(i.x509, by, NID_ext_key_usage, w->eku);
	add_extension(i.x509, by, NID_basic_constraints, w->constraints);
	add_extension(i.x509, by, NID_name_constraints, w->name_constraints);
	if (w->nul_san)
		add_raw_san(i.x509, w->nul_san, w->nul_san_len);
	if (w->critical)
		add_unknown(i.x509, w->critical);
	assert_true(
		X509_sign(i.x509, by ? by->key : i.key, w->is_sha1 ? EVP_sha1() : EVP_sha256()));
	return i;
}

void issued_fini(struct issued *i)
{
	EVP_PKEY_free(i->key);
	X509_free(i->x509);
}

static FILE *temporary(char **path)
{
	int fd;

	*path = strdup("/tmp/test_tls.XXXXXX");
	fd = mkstemp(*path);
	assert_true(fd >= 0);
	return fdopen(fd, "w");
}

char *write_certificates(const struct issued *const *all, int count)
{
	char *path;
	FILE *f = temporary(&path);

	for (int i = 0; i < count; i++)
		assert_int_equal(PEM_write_X509(f, all[i]->x509), 1);
	fclose(f);
	return path;
}

char *write_key(const struct issued *i, const char *passphrase)
{
	char *path;
	FILE *f = temporary(&path);

	assert_int_equal(PEM_write_PrivateKey(f, i->key, passphrase ? EVP_aes_128_cbc() : NULL,
				 (const unsigned char *)passphrase,
				 passphrase ? (int)strlen(passphrase) : 0, NULL, NULL),
		1);
	fclose(f);
	return path;
}

char *write_revocations(const struct issued *authority, const struct issued *what, long days)
{
	X509_CRL *list = X509_CRL_new();
	ASN1_TIME *when = X509_gmtime_adj(NULL, -30 * DAY);
	char *path;
	FILE *f = temporary(&path);

	X509_CRL_set_version(list, X509_CRL_VERSION_2);
	X509_CRL_set_issuer_name(list, X509_get_subject_name(authority->x509));
	X509_CRL_set1_lastUpdate(list, when);
	X509_gmtime_adj(when, days * DAY);
	X509_CRL_set1_nextUpdate(list, when);
	if (what) {
		X509_REVOKED *entry = X509_REVOKED_new();
		ASN1_ENUMERATED *reason = ASN1_ENUMERATED_new();

		X509_REVOKED_set_serialNumber(entry, X509_get_serialNumber(what->x509));
		X509_gmtime_adj(when, -DAY);
		X509_REVOKED_set_revocationDate(entry, when);
		ASN1_ENUMERATED_set(reason, 1);
		X509_REVOKED_add1_ext_i2d(entry, NID_crl_reason, reason, 0, 0);
		ASN1_ENUMERATED_free(reason);
		X509_CRL_add0_revoked(list, entry);
	}
	assert_true(X509_CRL_sign(list, authority->key, EVP_sha256()));
	assert_int_equal(PEM_write_X509_CRL(f, list), 1);
	fclose(f);
	ASN1_TIME_free(when);
	X509_CRL_free(list);
	return path;
}
