// SPDX-License-Identifier: ISC
// One line for each way in which a certificate can be wrong, with what helps.
#include "tls/internal.h"

#include <string.h>
#include <strings.h>
#include <time.h>

#define SHOWN_NAMES 3
#define SECURE_BITS 80 // of an RSA key of 1024 bits: what security level 1 asks for

// What a line is made of.
struct fault {
	struct str *s;
	const struct tls *t;
	X509_STORE_CTX *store;
	int error, depth;
	const char *peer; // "server" or "client"
	struct certificate leaf; // the peer's own
	struct certificate at; // the one that the error is about
};

// Adds "'NAME'", or words for a certificate without any.
static void add_quoted(struct str *s, const struct str *name)
{
	if (name->len)
		str_addf(s, "'%s'", str_c(name));
	else
		str_add(s, "(without a name)");
}

// Adds "the certificate", or whose it is further up the chain.
static void add_which(struct fault *f)
{
	str_add(f->s, "the certificate");
	if (f->depth == 0)
		return;
	str_add(f->s, " of the authority ");
	add_quoted(f->s, &f->at.short_subject);
}

static void add_expired(struct fault *f)
{
	add_which(f);
	str_add(f->s, " has expired on ");
	str_add_date(f->s, f->at.not_after);
	str_add(f->s, " (");
	str_add_days_ago(f->s, &f->at, time(NULL));
	str_add(f->s, "); ");
	if (f->depth)
		str_addf(f->s, "the %s should send a newer chain", f->peer);
	else
		str_addf(f->s, "renew it on the %s", f->peer);
}

static void add_not_yet_valid(struct fault *f)
{
	add_which(f);
	str_add(f->s, " is valid only from ");
	str_add_date(f->s, f->at.not_before);
	str_add(f->s, " on; is the clock of this machine right? (");
	str_add_date(f->s, time(NULL));
	str_addc(f->s, ')');
}

// The option that gives an authority.
static const char *ca_option(const struct fault *f)
{
	const struct tls_settings *s = &f->t->context->settings;

	return s->is_server ? "--client-ca" : s->is_proxy ? "--proxy-ca" : "--ca";
}

static void add_self_signed(struct fault *f)
{
	str_add(f->s, "the certificate is self-signed; if it is the right one, trust it with ");
	if (!f->t->context->settings.is_proxy && !f->t->context->settings.is_server)
		str_addf(f->s, "--pin sha256:%s or ", f->leaf.sha256);
	str_addf(f->s, "%s FILE", ca_option(f));
}

static void add_untrusted_root(struct fault *f)
{
	str_add(f->s, "the authority ");
	add_quoted(f->s, &f->at.short_subject);
	str_addf(f->s, " is not trusted here; give it with %s FILE", ca_option(f));
}

static void add_no_issuer(struct fault *f)
{
	bool is_alone = !f->t->verdict->sent || sk_X509_num(f->t->verdict->sent) <= 1;

	if (f->t->context->trust.has_system && trust_is_empty(&f->t->context->trust)) {
		str_addf(f->s,
			"no authorities are installed on this system (ca-certificates); give one "
			"with %s",
			ca_option(f));
		return;
	}
	str_add(f->s, "the authority ");
	add_quoted(f->s, &f->at.short_issuer);
	if (f->depth) {
		str_add(f->s, " that signed ");
		add_quoted(f->s, &f->at.short_subject);
		str_addf(f->s, " is unknown; give it with %s FILE", ca_option(f));
	} else if (is_alone) {
		str_addf(f->s,
			" that signed it is unknown, and the %s did not send its certificate: the "
			"%s should send the whole chain (or %s FILE)",
			f->peer, f->peer, ca_option(f));
	} else {
		str_addf(f->s, " that signed it is unknown; give it with %s FILE", ca_option(f));
	}
}

// A certificate with a common name alone was good until 2011.
static void add_wrong_name(struct fault *f)
{
	const char *name = f->t->name ? f->t->name : "";

	if (!f->leaf.name_count && f->leaf.short_subject.len) {
		str_addf(f->s,
			"the certificate names %s only in its subject (CN), which does not count "
			"(RFC 9525); it needs a subjectAltName",
			str_c(&f->leaf.short_subject));
		return;
	}
	str_add(f->s, "the certificate ");
	if (f->leaf.name_count) {
		str_add(f->s, "is for ");
		str_add_certificate_names(f->s, &f->leaf, SHOWN_NAMES);
	} else {
		str_add(f->s, "has no name");
	}
	str_add(f->s, ", not for ");
	str_add_escaped(f->s, name, strlen(name));
	if (!f->t->context->settings.is_proxy)
		str_add(f->s, "; --server-name NAME expects another");
}

static void add_wrong_address(struct fault *f)
{
	const char *name = f->t->name ? f->t->name : "";

	str_addf(f->s, "the certificate does not name the address %s", name);
	if (!f->leaf.name_count) {
		str_add(f->s, " (it has no subjectAltName)");
		return;
	}
	str_add(f->s, " (it names ");
	str_add_certificate_names(f->s, &f->leaf, SHOWN_NAMES);
	str_add(f->s, "); connect by name");
	if (!f->t->context->settings.is_proxy)
		str_addf(f->s, ", or --server-name %s", str_c(&f->leaf.names[0]));
}

// Adds the short names of the uses that a certificate is limited to.
static void add_uses(struct str *s, X509 *x509)
{
	EXTENDED_KEY_USAGE *uses = ossl.X509_get_ext_d2i(x509, NID_ext_key_usage, NULL, NULL);
	int count = uses ? sk_ASN1_OBJECT_num(uses) : 0;

	for (int i = 0; i < MIN(count, SHOWN_NAMES); i++) {
		ASN1_OBJECT *use = sk_ASN1_OBJECT_value(uses, i);
		int nid = ossl.OBJ_obj2nid(use);
		char number[80] = "";

		ossl.OBJ_obj2txt(number, sizeof(number), use, 1);
		str_addf(s, "%s%s",
			i ? ", " : " (its use: ", nid == NID_undef ? number : ossl.OBJ_nid2sn(nid));
	}
	if (count > 0)
		str_addc(s, ')');
	ossl.EXTENDED_KEY_USAGE_free(uses);
}

static void add_wrong_purpose(struct fault *f)
{
	X509 *x509 = ossl.X509_STORE_CTX_get_current_cert(f->store);

	add_which(f);
	str_addf(f->s, " is not for %ss", f->peer);
	if (x509)
		add_uses(f->s, x509);
}

static void add_no_authority(struct fault *f)
{
	add_quoted(f->s, &f->at.short_subject);
	str_add(f->s, " signed it and is no authority");
}

static void add_path_length(struct fault *f)
{
	str_add(f->s, "the chain is longer than ");
	add_quoted(f->s, &f->at.short_subject);
	str_add(f->s, " allows");
}

// Adds the DNS names in a list of subtrees: what an authority may certify.
static void add_subtrees(struct str *s, X509 *x509)
{
	NAME_CONSTRAINTS *limits =
		x509 ? ossl.X509_get_ext_d2i(x509, NID_name_constraints, NULL, NULL) : NULL;
	STACK_OF(GENERAL_SUBTREE) *permitted = limits ? limits->permittedSubtrees : NULL;
	bool is_first = true;

	for (int i = 0; permitted && i < sk_GENERAL_SUBTREE_num(permitted); i++) {
		GENERAL_NAME *base = sk_GENERAL_SUBTREE_value(permitted, i)->base;

		if (base->type != GEN_DNS || i >= SHOWN_NAMES)
			continue;
		str_add(s, is_first ? " (only " : ", ");
		str_add_escaped(s, ossl.ASN1_STRING_get0_data(base->d.dNSName),
			(size_t)MIN(ossl.ASN1_STRING_length(base->d.dNSName), 64));
		is_first = false;
	}
	if (!is_first)
		str_addc(s, ')');
	ossl.NAME_CONSTRAINTS_free(limits);
}

// The error names the certificate that breaks the limit; the authority above it has set it.
static void add_name_constraint(struct fault *f)
{
	STACK_OF(X509) *chain = ossl.X509_STORE_CTX_get0_chain(f->store);
	int count = chain ? sk_X509_num(chain) : 0;
	X509 *limiting = NULL;
	struct certificate by = {0};

	for (int i = f->depth + 1; i < count && !limiting; i++)
		if (ossl.X509_get_ext_by_NID(sk_X509_value(chain, i), NID_name_constraints, -1) >=
			0)
			limiting = sk_X509_value(chain, i);
	if (limiting)
		certificate_read(&by, limiting);
	str_add(f->s, "the authority ");
	add_quoted(f->s, &by.short_subject);
	str_add(f->s, " may not certify ");
	if (f->at.name_count)
		str_add_certificate_names(f->s, &f->at, SHOWN_NAMES);
	else
		add_quoted(f->s, &f->at.short_subject);
	add_subtrees(f->s, limiting);
	certificate_fini(&by);
}

static void add_weak_key(struct fault *f)
{
	X509 *x509 = ossl.X509_STORE_CTX_get_current_cert(f->store);
	EVP_PKEY *key = x509 ? ossl.X509_get0_pubkey(x509) : NULL;
	int bits = key ? ossl.EVP_PKEY_get_security_bits(key) : 0;

	if (f->depth)
		add_which(f);
	str_addf(f->s,
		"%s key is too short (%s); --tls-set CipherString=DEFAULT@SECLEVEL=%d accepts "
		"that",
		f->depth ? ": its" : "its", str_c(&f->at.key), bits >= SECURE_BITS);
}

// OpenSSL 3.0 takes SHA-1 at level 0 only, and anything stronger at level 1.
static void add_weak_hash(struct fault *f)
{
	X509 *x509 = ossl.X509_STORE_CTX_get_current_cert(f->store);
	int nid = x509 ? ossl.X509_get_signature_nid(x509) : NID_undef;

	add_which(f);
	str_addf(f->s,
		" is signed with a weak hash (%s); --tls-set CipherString=DEFAULT@SECLEVEL=0 "
		"accepts that",
		nid == NID_undef ? "unknown" : ossl.OBJ_nid2ln(nid));
}

// Adds " on DATE (REASON)" from the list that has revoked the certificate.
static void add_revocation(struct fault *f)
{
	X509_CRL *list = ossl.X509_STORE_CTX_get0_current_crl(f->store);
	X509 *x509 = ossl.X509_STORE_CTX_get_current_cert(f->store);
	X509_REVOKED *entry = NULL;
	ASN1_ENUMERATED *reason;
	struct tm tm = {0};

	if (f->depth)
		add_which(f);
	str_add(f->s, f->depth ? " was revoked" : "it was revoked");
	if (!list || !x509 || ossl.X509_CRL_get0_by_cert(list, &entry, x509) <= 0)
		return;
	if (ossl.ASN1_TIME_to_tm(ossl.X509_REVOKED_get0_revocationDate(entry), &tm)) {
		str_add(f->s, " on ");
		str_add_date(f->s, timegm(&tm));
	}
	reason = ossl.X509_REVOKED_get_ext_d2i(entry, NID_crl_reason, NULL, NULL);
	if (reason) {
		static const char *const reasons[] = {"unspecified", "keyCompromise",
			"CACompromise", "affiliationChanged", "superseded", "cessationOfOperation",
			"certificateHold", NULL, "removeFromCRL", "privilegeWithdrawn",
			"AACompromise"};
		long code = ossl.ASN1_ENUMERATED_get(reason);

		if (code >= 0 && code < (long)ARRAY_SIZE(reasons) && reasons[code])
			str_addf(f->s, " (%s)", reasons[code]);
	}
	ossl.ASN1_ENUMERATED_free(reason);
}

static void add_old_list(struct fault *f)
{
	X509_CRL *list = ossl.X509_STORE_CTX_get0_current_crl(f->store);
	const ASN1_TIME *next = list ? ossl.X509_CRL_get0_nextUpdate(list) : NULL;
	struct tm tm = {0};

	str_add(f->s, "the list of ");
	add_quoted(f->s, &f->at.short_issuer);
	str_add(f->s, " given with --crl is out of date");
	if (next && ossl.ASN1_TIME_to_tm(next, &tm)) {
		str_add(f->s, " since ");
		str_add_date(f->s, timegm(&tm));
	}
}

static void add_no_list(struct fault *f)
{
	str_add(f->s, "--crl has no list of ");
	add_quoted(f->s, &f->at.short_issuer);
}

static void add_unknown_extension(struct fault *f)
{
	X509 *x509 = ossl.X509_STORE_CTX_get_current_cert(f->store);
	int count = x509 ? ossl.X509_get_ext_count(x509) : 0;

	add_which(f);
	str_add(f->s, " has a critical extension that is not understood");
	for (int i = 0; i < count; i++) {
		X509_EXTENSION *e = ossl.X509_get_ext(x509, i);
		char text[80] = "";

		if (!ossl.X509_EXTENSION_get_critical(e) || ossl.X509_supported_extension(e))
			continue;
		ossl.OBJ_obj2txt(text, sizeof(text), ossl.X509_EXTENSION_get_object(e), 1);
		str_addf(f->s, " (%s)", text);
		return;
	}
}

static void add_other(struct fault *f)
{
	add_which(f);
	str_addf(f->s, " is not good: %s", ossl.X509_verify_cert_error_string(f->error));
}

static const struct {
	int error;
	void (*add)(struct fault *f);
} lines[] = {
	{X509_V_ERR_CERT_HAS_EXPIRED, add_expired},
	{X509_V_ERR_CERT_NOT_YET_VALID, add_not_yet_valid},
	{X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT, add_self_signed},
	{X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN, add_untrusted_root},
	{X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT, add_no_issuer},
	{X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, add_no_issuer},
	{X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE, add_no_issuer},
	{X509_V_ERR_HOSTNAME_MISMATCH, add_wrong_name},
	{X509_V_ERR_IP_ADDRESS_MISMATCH, add_wrong_address},
	{X509_V_ERR_INVALID_PURPOSE, add_wrong_purpose},
	{X509_V_ERR_INVALID_CA, add_no_authority},
	{X509_V_ERR_KEYUSAGE_NO_CERTSIGN, add_no_authority},
	{X509_V_ERR_PATH_LENGTH_EXCEEDED, add_path_length},
	{X509_V_ERR_PERMITTED_VIOLATION, add_name_constraint},
	{X509_V_ERR_EXCLUDED_VIOLATION, add_name_constraint},
	{X509_V_ERR_EE_KEY_TOO_SMALL, add_weak_key},
	{X509_V_ERR_CA_KEY_TOO_SMALL, add_weak_key},
	{X509_V_ERR_CA_MD_TOO_WEAK, add_weak_hash},
	{X509_V_ERR_CERT_REVOKED, add_revocation},
	{X509_V_ERR_CRL_HAS_EXPIRED, add_old_list},
	{X509_V_ERR_UNABLE_TO_GET_CRL, add_no_list},
	{X509_V_ERR_UNABLE_TO_GET_CRL_ISSUER, add_no_list},
	{X509_V_ERR_UNHANDLED_CRITICAL_EXTENSION, add_unknown_extension},
};

void str_add_verify_error(struct str *s, const struct tls *t, X509_STORE_CTX *store)
{
	struct fault f = {.s = s,
		.t = t,
		.store = store,
		.error = ossl.X509_STORE_CTX_get_error(store),
		.depth = ossl.X509_STORE_CTX_get_error_depth(store),
		.peer = t->context->settings.is_server ? "client" : "server"};
	X509 *leaf = ossl.X509_STORE_CTX_get0_cert(store);
	X509 *at = ossl.X509_STORE_CTX_get_current_cert(store);
	void (*add)(struct fault *) = add_other;

	certificate_read(&f.leaf, leaf);
	certificate_read(&f.at, at ? at : leaf);
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++)
		if (lines[i].error == f.error)
			add = lines[i].add;
	add(&f);
	certificate_fini(&f.leaf);
	certificate_fini(&f.at);
}
