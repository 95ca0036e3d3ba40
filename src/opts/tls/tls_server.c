// SPDX-License-Identifier: ISC
#include "opts/tls/tls_server.h"

#include "base/value.h"
#include "tls/allow.h"

#include <errno.h>
#include <string.h>

#define AT(field, type) OPT_AT(struct tls_server_config, field, type)

const struct opt tls_server_opts[] = {
	{"tls", 0, OPT_FLAG, AT(tls, bool), "", "use TLS with clients", .is_everyday = true,
		.not_with = "udp"},
	{"cert", 0, OPT_LIST, AT(cert, struct strlist), "FILE",
		"server certificate and its chain (PEM or PKCS#12); repeat for other names",
		.words = "file", .only_with = "tls"},
	{"key", 0, OPT_LIST, AT(key, struct strlist), "FILE",
		"private key, if it is not in the file of --cert; repeat like --cert",
		.words = "file", .only_with = "cert"},
	{"key-password", 0, OPT_STRING, AT(forward.key_password, const char *), "FILE",
		"read the passphrase of the keys from FILE or fd:N", .words = "file",
		.only_with = "cert forward-cert"},
	{"self-signed", 0, OPT_STRING, AT(self_signed, const char *), "NAME,...",
		"generate a certificate for these names, or those of this host, and print its pin",
		.is_optional = true, .only_with = "tls", .not_with = "cert"},
	{"client-ca", 0, OPT_LIST, AT(client_ca, struct strlist), "FILE",
		"require a client certificate issued by these CAs", .words = "file",
		.only_with = "tls"},
	{"allow-name", 0, OPT_LIST, AT(allow_name, struct strlist), "NAME",
		"name that the client's certificate must have: DNS:, URI:, email:, CN: or sha256:",
		.only_with = "client-ca"},
	{"alpn", 0, OPT_STRING, AT(forward.alpn, const char *), "NAME,...",
		"application protocols to choose from, or to offer (ALPN)"},
	{"tls-min", 0, OPT_CHOICE, AT(forward.min, int), "VERSION", "minimum TLS version (1.2)",
		.choices = TLS_VERSIONS},
	{"tls-max", 0, OPT_CHOICE, AT(forward.max, int), "VERSION", "maximum TLS version (1.3)",
		.choices = TLS_VERSIONS},
	{"tls-set", 0, OPT_LIST, AT(forward.set, struct strlist), "NAME=VALUE",
		"set an OpenSSL option of SSL_CONF_cmd(3)"},
	{"crl", 0, OPT_LIST, AT(forward.crl, struct strlist), "FILE",
		"reject certificates revoked by the CRLs in FILE", .words = "file"},
	{"keylog", 0, OPT_STRING, AT(forward.keylog, const char *), "FILE",
		"append the TLS session secrets to FILE, for Wireshark", .words = "file",
		.is_written = true},
	{"tls-eof", 0, OPT_CHOICE, AT(forward.eof, int), "MODE",
		"end without close_notify: an error (strict, the default) or accepted (any)",
		.choices = TLS_ENDS},
	{"starttls", 0, OPT_CHOICE, AT(forward.starttls, int), "PROTOCOL",
		"with --forward: upgrade the connection to TLS as PROTOCOL does",
		.choices = STARTTLS_WORDS, .only_with = "forward", .not_with = "udp"},
	{"ca", 0, OPT_LIST, AT(forward.ca, struct strlist), "FILE",
		"CA certificates for the target of --forward tls:HOST:PORT", .words = "file",
		.only_with = "forward"},
	{"server-name", 0, OPT_STRING, AT(forward.server_name, const char *), "NAME",
		"name of the target for SNI and verification (HOST)", .words = "host",
		.only_with = "forward"},
	{"pin", 0, OPT_LIST, AT(forward.pin, struct strlist), "sha256:HASH",
		"accept the target only if its public key has this hash", .only_with = "forward",
		.not_with = "insecure"},
	{"insecure", 0, OPT_FLAG, AT(forward.insecure, bool), "",
		"accept any certificate of the target, with a warning", .only_with = "forward"},
	{"forward-cert", 0, OPT_STRING, AT(forward.cert, const char *), "FILE",
		"client certificate for the target of --forward", .words = "file",
		.only_with = "forward"},
	{"forward-key", 0, OPT_STRING, AT(forward.key, const char *), "FILE",
		"private key, if it is not in the file of --forward-cert", .words = "file",
		.only_with = "forward-cert"},
	{""},
};

// The first option that is about the target alone, or NULL.
static const char *option_of_target(const struct tls_config *c)
{
	const char *option = tls_option_of_target(c);

	return option ? option : c->cert ? "--forward-cert" : NULL;
}

static int refuse(struct str *err, const char *option, const char *why)
{
	str_addf(err, "%s %s", option, why);
	return -EINVAL;
}

static int check_own(const struct tls_server_config *c, struct str *err)
{
	if (!c->cert.count && !c->self_signed)
		return refuse(err, "--tls",
			"needs a certificate: --cert FILE with --key FILE, or --self-signed");
	if (c->key.count && c->key.count != c->cert.count)
		return refuse(err, "--key", "is given once for each --cert, or never");
	return 0;
}

static int check_names(const struct strlist *words, struct str *err)
{
	struct allow a = {0};
	struct str why = {0};
	int r = 0;

	for (size_t i = 0; i < words->count && r == 0; i++)
		r = allow_add(&a, words->items[i], &why);
	if (r < 0)
		str_addf(err, "--allow-name: %s", str_c(&why));
	str_fini(&why);
	allow_fini(&a);
	return r;
}

int tls_server_check(
	const struct tls_server_config *c, const struct endpoint *target, struct str *err)
{
	const struct tls_config *forward = &c->forward;
	bool is_forwarded = target->name && tls_is_wanted(forward, target);
	const char *needless = is_forwarded ? NULL : option_of_target(forward);
	int r;

	if (needless)
		return refuse(err, needless, "is about --forward tls:HOST:PORT");
	needless = c->tls || is_forwarded ? NULL : tls_option_of_either(forward);
	if (needless)
		return refuse(err, needless, "needs --tls or --forward tls:HOST:PORT");
	r = c->tls ? check_own(c, err) : 0;
	if (r == 0)
		r = check_names(&c->allow_name, err);
	if (r == 0 && forward->crl.count && !c->client_ca.count && !is_forwarded)
		r = refuse(err, "--crl", "needs --client-ca or --forward tls:HOST:PORT");
	if (r < 0)
		return r;
	return is_forwarded ? tls_config_check(forward, target, err)
			    : tls_config_check_versions(forward, err);
}

struct tls_config tls_server_target(const struct tls_server_config *c)
{
	struct tls_config target = c->forward;

	if (c->client_ca.count)
		target.crl = (struct strlist){0};
	return target;
}

struct tls_settings tls_server_settings(
	const struct tls_server_config *c, const struct strlist *self_names)
{
	struct tls_settings s = tls_config_settings(&c->forward);

	s.is_server = s.is_confined = true;
	s.is_insecure = false;
	s.authorities = c->client_ca;
	s.pins = (struct strlist){0};
	if (!c->client_ca.count)
		s.revocations = (struct strlist){0};
	s.allowed = c->allow_name;
	s.certificates = c->cert;
	s.keys = c->key;
	s.is_self_signed = c->self_signed;
	s.self_names = *self_names;
	return s;
}
