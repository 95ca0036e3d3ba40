// SPDX-License-Identifier: ISC
#include "tls/self_signed.h"

#include "sys/process.h"
#include "tls/name.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>

#define DAYS 30
#define DAY 86400
#define CN_MAX 64 // characters of a common name (RFC 5280, appendix A.1)
#define VERSION_3 2

// "DNS:localhost,IP:::1"
static void add_names(struct str *s, const struct strlist *names)
{
	for (size_t i = 0; i < names->count; i++)
		str_addf(s, "%s%s:%s", i ? "," : "",
			tls_name_is_address(names->items[i]) ? "IP" : "DNS", names->items[i]);
}

static bool add_extension(X509 *x509, int nid, const char *value)
{
	X509V3_CTX ctx = {0};
	X509_EXTENSION *e;
	bool ok;

	ossl.X509V3_set_ctx(&ctx, x509, x509, NULL, NULL, 0);
	e = ossl.X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
	ok = e && ossl.X509_add_ext(x509, e, -1) == 1;
	ossl.X509_EXTENSION_free(e);
	return ok;
}

// With the first bit clear: it is not negative.
static bool set_serial(X509 *x509, uint64_t number)
{
	return ossl.ASN1_INTEGER_set_uint64(ossl.X509_get_serialNumber(x509), number >> 1) == 1;
}

// It begins yesterday, for the sake of clients whose clock is behind.
static bool fill(X509 *x509, EVP_PKEY *key, uint64_t serial, const struct strlist *names)
{
	X509_NAME *subject = ossl.X509_get_subject_name(x509);
	const char *first = names->items[0];
	struct str san = {0};
	bool ok = ossl.X509_set_version(x509, VERSION_3) == 1 && set_serial(x509, serial) &&
		  ossl.X509_gmtime_adj(ossl.X509_getm_notBefore(x509), -DAY) &&
		  ossl.X509_gmtime_adj(ossl.X509_getm_notAfter(x509), DAYS * DAY) &&
		  ossl.X509_set_pubkey(x509, key) == 1;

	if (ok && strlen(first) <= CN_MAX)
		ok = ossl.X509_NAME_add_entry_by_NID(subject, NID_commonName, MBSTRING_UTF8,
			     (const unsigned char *)first, -1, -1, 0) == 1;
	add_names(&san, names);
	ok = ok && ossl.X509_set_issuer_name(x509, subject) == 1 &&
	     add_extension(x509, NID_subject_alt_name, str_c(&san)) &&
	     add_extension(x509, NID_ext_key_usage, "serverAuth") &&
	     ossl.X509_sign(x509, key, ossl.EVP_sha256()) > 0;
	str_fini(&san);
	return ok;
}

int self_signed_make(struct identity *id, const struct strlist *names, struct str *err)
{
	uint64_t serial; // that no other certificate has
	int r = sys_getrandom(&serial, sizeof(serial));

	*id = (struct identity){0};
	if (r < 0) {
		str_add(err, "cannot draw the number of a certificate: ");
		str_add_error(err, r);
		return r;
	}
	*id = (struct identity){.certificate = ossl.X509_new(),
		.key = ossl.EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256")};
	if (id->key && fill(id->certificate, id->key, serial, names))
		return 0;
	str_addf(err, "OpenSSL cannot make a certificate: %s",
		ossl.ERR_reason_error_string(ossl.ERR_peek_error()) ?: "unknown error");
	ossl.ERR_clear_error();
	identity_fini(id);
	return -EIO; // the names were checked before: it is nothing that the user has said
}
