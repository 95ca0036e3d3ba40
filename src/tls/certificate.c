// SPDX-License-Identifier: ISC
#include "tls/certificate.h"

#include "base/hex.h"
#include "tls/internal.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define DAY 86400
#define SHOWN_NAMES 8

void certificate_fini(struct certificate *c)
{
	str_fini(&c->subject);
	str_fini(&c->issuer);
	str_fini(&c->short_subject);
	str_fini(&c->short_issuer);
	str_fini(&c->key);
	for (size_t i = 0; i < CERTIFICATE_NAMES; i++)
		str_fini(&c->names[i]);
	*c = (struct certificate){0};
}

// Adds text that a stranger chose, escaped; what is too long is cut between two characters.
static void add_shown(struct str *s, const unsigned char *data, size_t len)
{
	size_t shown = MIN(len, CERTIFICATE_NAME_MAX);

	while (shown < len && shown > CERTIFICATE_NAME_MAX - 4 && (data[shown] & 0xc0) == 0x80)
		shown--;
	str_add_escaped(s, data, shown);
	if (shown < len)
		str_add(s, "…");
}

// Adds a string of ASN.1, whatever its character set.
static void add_asn1(struct str *s, const ASN1_STRING *text)
{
	unsigned char *utf8 = NULL;
	int len = ossl.ASN1_STRING_to_UTF8(&utf8, text);

	if (len >= 0)
		add_shown(s, utf8, (size_t)len);
	else
		add_shown(
			s, ossl.ASN1_STRING_get0_data(text), (size_t)ossl.ASN1_STRING_length(text));
	ossl.CRYPTO_free(utf8, "", 0);
}

// Adds "CN = example.org, O = Example" and to CN the common name, or else the same.
static void add_name(struct str *whole, struct str *cn, const X509_NAME *name)
{
	BIO *bio = ossl.BIO_new(ossl.BIO_s_mem());
	int last = -1;
	char *data = NULL;
	long len;

	ossl.X509_NAME_print_ex(bio, name, 0,
		XN_FLAG_SEP_CPLUS_SPC | XN_FLAG_FN_SN | XN_FLAG_SPC_EQ | ASN1_STRFLGS_UTF8_CONVERT);
	len = ossl.BIO_ctrl(bio, BIO_CTRL_INFO, 0, &data);
	if (len > 0)
		add_shown(whole, (unsigned char *)data, (size_t)len);
	ossl.BIO_free(bio);
	// The last common name is the most specific one.
	for (int at = -1; (at = ossl.X509_NAME_get_index_by_NID(name, NID_commonName, at)) >= 0;)
		last = at;
	if (last >= 0)
		add_asn1(cn, ossl.X509_NAME_ENTRY_get_data(ossl.X509_NAME_get_entry(name, last)));
	if (!cn->len)
		str_addn(cn, str_c(whole), whole->len);
}

static void add_address(struct str *s, const ASN1_STRING *address)
{
	int len = ossl.ASN1_STRING_length(address);
	const unsigned char *bytes = ossl.ASN1_STRING_get0_data(address);
	char text[INET6_ADDRSTRLEN] = "";

	if (len == 4)
		inet_ntop(AF_INET, bytes, text, sizeof(text));
	else if (len == 16)
		inet_ntop(AF_INET6, bytes, text, sizeof(text));
	if (*text)
		str_add(s, text);
	else
		str_add(s, "(an address of another length)");
}

static void add_general_name(struct str *s, const GENERAL_NAME *name)
{
	switch (name->type) {
	case GEN_DNS:
		// It is told apart from an address only by its type.
		add_asn1(s, name->d.dNSName);
		break;
	case GEN_IPADD:
		add_address(s, name->d.iPAddress);
		break;
	case GEN_EMAIL:
		str_add(s, "email:");
		add_asn1(s, name->d.rfc822Name);
		break;
	case GEN_URI:
		str_add(s, "URI:");
		add_asn1(s, name->d.uniformResourceIdentifier);
		break;
	case GEN_DIRNAME: {
		struct str cn = {0};

		str_add(s, "directory:");
		add_name(s, &cn, name->d.directoryName);
		str_fini(&cn);
		break;
	}
	default:
		str_add(s, "(another kind of name)");
	}
}

static void read_names(struct certificate *c, const X509 *x509)
{
	GENERAL_NAMES *names = ossl.X509_get_ext_d2i(x509, NID_subject_alt_name, NULL, NULL);
	int count = names ? sk_GENERAL_NAME_num(names) : 0;

	c->name_count = (size_t)MAX(count, 0);
	for (size_t i = 0; i < MIN(c->name_count, CERTIFICATE_NAMES); i++)
		add_general_name(&c->names[i], sk_GENERAL_NAME_value(names, (int)i));
	ossl.GENERAL_NAMES_free(names);
}

static bool read_time(int64_t *seconds, const ASN1_TIME *when)
{
	struct tm tm = {0};

	if (!when || !ossl.ASN1_TIME_to_tm(when, &tm))
		return false;
	*seconds = timegm(&tm);
	return true;
}

static void read_key(struct certificate *c, const X509 *x509)
{
	EVP_PKEY *key = ossl.X509_get0_pubkey(x509);
	const char *type = key ? ossl.OBJ_nid2sn(ossl.EVP_PKEY_get_base_id(key)) : NULL;
	char group[64];

	if (!type) {
		str_add(&c->key, "of an unknown kind");
		return;
	}
	switch (ossl.EVP_PKEY_get_base_id(key)) {
	case EVP_PKEY_RSA:
		str_addf(&c->key, "RSA %d", ossl.EVP_PKEY_get_bits(key));
		break;
	case EVP_PKEY_EC:
		if (!ossl.EVP_PKEY_get_group_name(key, group, sizeof(group), NULL))
			group[0] = '\0';
		str_addf(&c->key, "EC %s", ossl.EC_curve_nid2nist(ossl.OBJ_sn2nid(group)) ?: group);
		break;
	case EVP_PKEY_ED25519:
	case EVP_PKEY_ED448:
		str_add(&c->key, type);
		break;
	default:
		str_addf(&c->key, "%s %d", type, ossl.EVP_PKEY_get_bits(key));
	}
}

bool certificate_hash(unsigned char hash[PIN_SIZE], const X509 *x509)
{
	unsigned char *der = NULL;
	int len = ossl.i2d_X509_PUBKEY(ossl.X509_get_X509_PUBKEY(x509), &der);
	bool ok = len > 0 &&
		  ossl.EVP_Digest(der, (size_t)len, hash, NULL, ossl.EVP_sha256(), NULL) == 1;

	ossl.CRYPTO_free(der, "", 0);
	return ok;
}

void certificate_read(struct certificate *c, const X509 *x509)
{
	unsigned char hash[PIN_SIZE];
	struct str hex = {0};

	add_name(&c->subject, &c->short_subject, ossl.X509_get_subject_name(x509));
	add_name(&c->issuer, &c->short_issuer, ossl.X509_get_issuer_name(x509));
	read_names(c, x509);
	c->is_dated = read_time(&c->not_before, ossl.X509_get0_notBefore(x509)) &&
		      read_time(&c->not_after, ossl.X509_get0_notAfter(x509));
	read_key(c, x509);
	if (certificate_hash(hash, x509)) {
		str_add_hex(&hex, hash, sizeof(hash));
		memcpy(c->sha256, hex.data, hex.len + 1);
	}
	str_fini(&hex);
	c->is_self_issued = ossl.X509_NAME_cmp(ossl.X509_get_subject_name(x509),
				    ossl.X509_get_issuer_name(x509)) == 0;
	ossl.ERR_clear_error();
}

int certificate_parse(struct certificate *c, const void *der, size_t len)
{
	const unsigned char *p = der;
	X509 *x509;

	*c = (struct certificate){0};
	x509 = len > INT32_MAX ? NULL : ossl.d2i_X509(NULL, &p, (long)len);
	if (x509)
		certificate_read(c, x509);
	ossl.X509_free(x509);
	ossl.ERR_clear_error();
	return x509 ? 0 : -EINVAL;
}

int64_t certificate_days_left(const struct certificate *c, int64_t now)
{
	int64_t left = c->not_after - now;

	return left >= 0 ? left / DAY : -((-left + DAY - 1) / DAY);
}

void str_add_certificate_names(struct str *s, const struct certificate *c, size_t max)
{
	size_t shown = MIN(MIN(c->name_count, max), CERTIFICATE_NAMES);

	for (size_t i = 0; i < shown; i++)
		str_addf(s, "%s%s", i ? ", " : "", str_c(&c->names[i]));
	if (shown < c->name_count)
		str_addf(s, " (%zu more)", c->name_count - shown);
}

void str_add_date(struct str *s, int64_t seconds)
{
	time_t when = seconds;
	struct tm tm;
	char text[CERTIFICATE_DATE_SIZE];

	if (gmtime_r(&when, &tm) && strftime(text, sizeof(text), "%Y-%m-%d", &tm))
		str_add(s, text);
	else
		str_add(s, "(no date)");
}

void str_add_days_ago(struct str *s, const struct certificate *c, int64_t now)
{
	long long days = (now - c->not_after) / DAY;

	if (days < 1)
		str_add(s, "less than a day ago");
	else
		str_addf(s, "%lld day%s ago", days, days == 1 ? "" : "s");
}

static void add_validity(struct str *s, const struct certificate *c, int64_t now)
{
	long long days = certificate_days_left(c, now);

	if (!c->is_dated) {
		str_add(s, "unknown: the dates cannot be read");
		return;
	}
	str_add_date(s, c->not_before);
	str_add(s, " to ");
	str_add_date(s, c->not_after);
	if (now < c->not_before)
		str_add(s, " (not yet valid)");
	else if (now > c->not_after) {
		str_add(s, " (expired ");
		str_add_days_ago(s, c, now);
		str_addc(s, ')');
	} else
		str_addf(s, " (%lld day%s left)", days, days == 1 ? "" : "s");
}

void str_add_certificate(
	struct str *s, const struct certificate *c, int64_t now, const char *indent)
{
	str_addf(s, "%ssubject  %s\n%sissuer   ", indent, c->subject.len ? str_c(&c->subject) : "-",
		indent);
	if (c->is_self_issued)
		str_add(s, "itself\n");
	else
		str_addf(s, "%s\n", c->issuer.len ? str_c(&c->issuer) : "-");
	if (c->name_count) {
		str_addf(s, "%snames    ", indent);
		str_add_certificate_names(s, c, SHOWN_NAMES);
		str_addc(s, '\n');
	}
	str_addf(s, "%svalid    ", indent);
	add_validity(s, c, now);
	str_addf(s, "\n%skey      %s\n%spin      sha256:%s\n", indent, str_c(&c->key), indent,
		c->sha256);
}
