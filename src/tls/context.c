// SPDX-License-Identifier: ISC
// What the command line said, made into what OpenSSL wants, once.
#include "base/mem.h"
#include "base/value.h"
#include "sys/file.h"
#include "tls/identity.h"
#include "tls/internal.h"
#include "tls/keylog.h"
#include "io/secret.h"
#include "tls/self_signed.h"
#include "tls/serving.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PROTOCOL_MAX 255 // bytes of a name in ALPN (RFC 7301, section 3.1)
#define PROTOCOLS_MAX 65535

// One line for each connection and secret.
static void on_keylog(const SSL *ssl, const char *line)
{
	keylog_add(tls_of(ssl)->context->keylog, line);
}

static int open_keylog(struct tls_context *c, struct str *err)
{
	const char *path = c->settings.keylog;
	int r;

	if (c->keylog)
		return 0;
	if (!path)
		path = secure_getenv("SSLKEYLOGFILE");
	if (!path || !*path)
		return 0;
	r = keylog_open(&c->keylog, path, err);
	c->is_first_of_keylog = r == 0;
	return MIN(r, 0);
}

// Turns "h2,http/1.1" into names that each follow their length.
static int read_protocols(struct tls_context *c, struct str *err)
{
	const char *p = c->settings.protocols;

	while (p && *p) {
		size_t len = strcspn(p, ",");

		if (!len || len > PROTOCOL_MAX)
			return bad_word(err, c->settings.protocols,
				"is no list of protocols: names of 1 to 255 bytes with commas "
				"between");
		str_addc(&c->protocols, (char)len);
		str_addn(&c->protocols, p, len);
		p += len;
		if (*p == ',' && !*++p)
			return bad_word(err, c->settings.protocols, "ends with a comma");
	}
	if (c->protocols.len > PROTOCOLS_MAX)
		return bad_word(err, c->settings.protocols, "is too long for a list of protocols");
	return 0;
}

// A server takes the first of its own list that the client offers too, or ends the handshake.
static int on_select_protocol(SSL *ssl, const unsigned char **out, unsigned char *out_len,
	const unsigned char *in, unsigned in_len, void *arg)
{
	struct tls_context *c = arg;
	int r;

	(void)ssl;
	r = ossl.SSL_select_next_proto((unsigned char **)(uintptr_t)out, out_len,
		(unsigned char *)c->protocols.data, (unsigned)c->protocols.len, in, in_len);
	return r == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
}

static int set_protocols(struct tls_context *c, struct str *err)
{
	int r = read_protocols(c, err);

	if (r < 0 || !c->protocols.len)
		return r;
	if (c->settings.is_server)
		ossl.SSL_CTX_set_alpn_select_cb(c->ssl, on_select_protocol, c);
	else
		ossl.SSL_CTX_set_alpn_protos(
			c->ssl, (unsigned char *)c->protocols.data, (unsigned)c->protocols.len);
	return 0;
}

// Says why the library refuses a name or value.
static int bad_parameter(struct str *err, const char *word, int result)
{
	const char *reason = ossl.ERR_reason_error_string(ossl.ERR_peek_error());

	if (result == -2)
		return bad_word(err, word,
			"is no setting of TLS that is known here (SSL_CONF_cmd(3) lists them)");
	bad_word(err, word, "has a value that OpenSSL refuses");
	if (reason && result == 0)
		str_addf(err, ": %s", reason);
	return -EINVAL;
}

// Applies one "NAME=VALUE". What decides whether the peer is verified has options of its own, which
// say so aloud.
static int set_parameter(SSL_CONF_CTX *conf, const char *word, struct str *err)
{
	const char *equals = strchr(word, '=');
	struct str name = {0};
	int r;

	if (!equals || equals == word)
		return bad_word(err, word, "is no setting of TLS: NAME=VALUE");
	str_addn(&name, word, (size_t)(equals - word));
	if (strcasecmp(str_c(&name), "VerifyMode") == 0) {
		str_fini(&name);
		return bad_word(err, word, "is not set this way: --insecure, --pin or --client-ca");
	}
	ossl.ERR_clear_error();
	r = ossl.SSL_CONF_cmd(conf, str_c(&name), equals + 1);
	str_fini(&name);
	if (r <= 0)
		r = bad_parameter(err, word, r);
	ossl.ERR_clear_error();
	return MIN(r, 0);
}

static int set_parameters(struct tls_context *c, struct str *err)
{
	const struct strlist *words = &c->settings.parameters;
	SSL_CONF_CTX *conf;
	int r = 0;

	if (!words->count)
		return 0;
	conf = ossl.SSL_CONF_CTX_new();
	ossl.SSL_CONF_CTX_set_flags(conf,
		SSL_CONF_FLAG_FILE | SSL_CONF_FLAG_SHOW_ERRORS |
			(c->settings.is_server ? SSL_CONF_FLAG_SERVER : SSL_CONF_FLAG_CLIENT));
	ossl.SSL_CONF_CTX_set_ssl_ctx(conf, c->ssl);
	for (size_t i = 0; i < words->count && r == 0; i++)
		r = set_parameter(conf, words->items[i], err);
	if (r == 0 && !ossl.SSL_CONF_CTX_finish(conf)) {
		str_add(err, "the settings of TLS do not go together");
		r = -EINVAL;
	}
	ossl.SSL_CONF_CTX_free(conf);
	return r;
}

static void set_modes(struct tls_context *c)
{
	const struct tls_settings *s = &c->settings;

	SSL_CTX_set_mode(c->ssl, SSL_MODE_ENABLE_PARTIAL_WRITE |
					 SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
					 SSL_MODE_RELEASE_BUFFERS);
	ossl.SSL_CTX_set_options(c->ssl, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
	SSL_CTX_set_session_cache_mode(c->ssl, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_min_proto_version(c->ssl, s->min_version ? s->min_version : TLS1_2_VERSION);
	SSL_CTX_set_max_proto_version(c->ssl, s->max_version);
	SSL_CTX_set_read_ahead(c->ssl, 1); // in the handshake, whose answers are short
}

// How the peer is verified. OpenSSL by itself would take a common name for a host name, and "l*"
// for a wildcard (RFC 9525 has neither).
static void set_verification(struct tls_context *c)
{
	X509_VERIFY_PARAM *param = ossl.SSL_CTX_get0_param(c->ssl);
	unsigned long flags = X509_V_FLAG_PARTIAL_CHAIN;

	if (c->trust.has_revocations)
		flags |= X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL;
	ossl.X509_VERIFY_PARAM_set_flags(param, flags);
	ossl.X509_VERIFY_PARAM_set_hostflags(
		param, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
	ossl.SSL_CTX_set_cert_verify_callback(c->ssl, tls_verify_chain, c);
	if (!c->settings.is_server)
		ossl.SSL_CTX_set_verify(c->ssl, SSL_VERIFY_PEER, NULL);
	else if (c->settings.authorities.count)
		ossl.SSL_CTX_set_verify(
			c->ssl, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
}

// Reads the certificate at INDEX, or makes it. What was made for OLD goes on: it may be pinned.
static int load_identity(struct tls_context *c, size_t index, const struct tls_context *old,
	struct str *notes, struct str *err)
{
	const struct tls_settings *s = &c->settings;
	struct identity *id = &c->identities[index];

	if (!s->is_self_signed)
		return identity_load(id, s->certificates.items[index],
			s->keys.count ? s->keys.items[index] : NULL, s->key_password, notes, err);
	if (!old)
		return self_signed_make(id, &s->self_names, err);
	*id = identity_share(&old->identities[index]);
	return 0;
}

static int set_identities(
	struct tls_context *c, const struct tls_context *old, struct str *notes, struct str *err)
{
	const struct tls_settings *s = &c->settings;
	size_t count = s->is_self_signed ? 1 : s->certificates.count;
	int r = 0;

	c->identities = xcalloc(count + 1, sizeof(*c->identities));
	for (size_t i = count; i-- > 0 && r == 0;) { // the first is set last, and stays
		r = load_identity(c, i, old, notes, err);
		if (r == 0)
			r = identity_use(&c->identities[i], c->ssl,
				s->is_self_signed ? "it" : s->certificates.items[i], err);
	}
	c->identity_count = count;
	return r;
}

static int set_trust(struct tls_context *c, struct str *err)
{
	const struct tls_settings *s = &c->settings;
	int r = 0;

	// A pinned key needs no authority, and a server asks for certificates only if told so.
	if (s->authorities.count || (!s->is_server && !s->pins.count))
		r = trust_init(&c->trust, c->ssl, &s->authorities, s->is_confined, err);
	else
		c->trust.store = ossl.SSL_CTX_get_cert_store(c->ssl);
	if (r == 0)
		r = trust_add_revocations(&c->trust, &s->revocations, err);
	return r;
}

static int fill(
	struct tls_context *c, const struct tls_context *old, struct str *notes, struct str *err)
{
	int r = 0;

	c->ssl = ossl.SSL_CTX_new(
		c->settings.is_server ? ossl.TLS_server_method() : ossl.TLS_client_method());
	if (!c->ssl) {
		str_addf(err, "OpenSSL cannot start: %s",
			ossl.ERR_reason_error_string(ossl.ERR_peek_error()) ?: "unknown error");
		return -ELIBACC;
	}
	set_modes(c);
	for (size_t i = 0; i < c->settings.pins.count && r == 0; i++)
		r = pins_add(&c->pins, c->settings.pins.items[i], err);
	if (r == 0)
		r = set_parameters(c, err);
	if (r == 0)
		r = set_protocols(c, err);
	if (r == 0)
		r = set_trust(c, err);
	if (r == 0)
		r = set_identities(c, old, notes, err);
	if (r == 0 && c->settings.is_server)
		r = serving_prepare(c, err);
	if (r == 0)
		r = open_keylog(c, err);
	if (c->keylog)
		ossl.SSL_CTX_set_keylog_callback(c->ssl, on_keylog);
	set_verification(c);
	return r;
}

static int create(struct tls_context **context, const struct tls_settings *settings,
	const struct tls_context *old, struct str *notes, struct str *err)
{
	struct tls_context *c = xcalloc(1, sizeof(*c));
	int r;

	*c = (struct tls_context){.users = 1, .settings = *settings};
	c->keylog = keylog_share(old ? old->keylog : NULL);
	r = fill(c, old, notes, err);
	if (r < 0)
		tls_context_destroy(c);
	else
		*context = c;
	return r;
}

int tls_context_create(struct tls_context **context, const struct tls_settings *settings,
	struct str *notes, struct str *err)
{
	int r = library_open(err);

	return r < 0 ? r : create(context, settings, NULL, notes, err);
}

int tls_context_renew(struct tls_context **context, const struct tls_context *old,
	struct str *notes, struct str *err)
{
	secret_never_wait();
	return create(context, &old->settings, old, notes, err);
}

static void add_file(struct strlist *files, const char *word)
{
	if (!secret_is_inherited(word))
		strlist_add(files, word);
}

static void add_words(struct strlist *files, const struct strlist *words)
{
	for (size_t i = 0; i < words->count; i++)
		add_file(files, words->items[i]);
}

void tls_context_add_files(const struct tls_context *c, struct strlist *files)
{
	const struct tls_settings *s = &c->settings;

	add_words(files, &s->certificates);
	add_words(files, &s->keys);
	add_words(files, &s->revocations);
	if (s->key_password)
		add_file(files, s->key_password);
	trust_add_files(&c->trust, &s->authorities, files);
}

void tls_context_show(const struct tls_context *c, struct certificate *own)
{
	if (c->identity_count)
		certificate_read(own, c->identities[0].certificate);
}

void tls_context_destroy(struct tls_context *c)
{
	if (!c || --c->users)
		return;
	for (size_t i = 0; i < c->identity_count; i++)
		identity_fini(&c->identities[i]);
	free(c->identities);
	allow_fini(&c->allow);
	ossl.SSL_CTX_free(c->ssl);
	pins_fini(&c->pins);
	str_fini(&c->protocols);
	str_fini(&c->batch);
	keylog_release(c->keylog);
	free(c);
}

const char *tls_context_keylog(const struct tls_context *c)
{
	return c->is_first_of_keylog ? keylog_path(c->keylog) : NULL;
}

void tls_context_add_environment(const struct tls_context *c, struct str *s)
{
	trust_add_environment(&c->trust, s);
}
