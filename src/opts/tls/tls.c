// SPDX-License-Identifier: ISC
#include "opts/tls/tls.h"

#include "base/value.h"
#include "base/wordlist.h"
#include "tls/name.h"
#include "tls/pin.h"

#include <errno.h>
#include <string.h>

#define DAY_MS (24 * 3600 * 1000ull)
#define AT(field, type) OPT_AT(struct tls_config, field, type)

const struct opt tls_opts[] = {
	{"tls", 0, OPT_FLAG, AT(tls, bool), "", "use TLS and verify the server's certificate",
		.is_everyday = true, .not_with = "pass-fd udp"},
	{"starttls", 0, OPT_CHOICE, AT(starttls, int), "PROTOCOL",
		"upgrade the connection to TLS as PROTOCOL does", .choices = STARTTLS_WORDS,
		.not_with = "pass-fd udp"},
	{"ca", 0, OPT_LIST, AT(ca, struct strlist), "FILE",
		"CA certificates to trust instead of the system's; 'system' adds those",
		.words = "file"},
	{"server-name", 0, OPT_STRING, AT(server_name, const char *), "NAME",
		"name for SNI and for verification (HOST)", .words = "host"},
	{"pin", 0, OPT_LIST, AT(pin, struct strlist), "sha256:HASH",
		"accept the server only if its public key has this hash", .not_with = "insecure"},
	{"insecure", 0, OPT_FLAG, AT(insecure, bool), "", "accept any certificate, with a warning"},
	{"cert", 0, OPT_STRING, AT(cert, const char *), "FILE",
		"client certificate and its chain (PEM or PKCS#12)", .words = "file"},
	{"key", 0, OPT_STRING, AT(key, const char *), "FILE",
		"private key, if it is not in the file of --cert", .words = "file",
		.only_with = "cert"},
	{"key-password", 0, OPT_STRING, AT(key_password, const char *), "FILE",
		"read the passphrase of the key from FILE or fd:N", .words = "file",
		.only_with = "cert"},
	{"alpn", 0, OPT_STRING, AT(alpn, const char *), "NAME,...",
		"application protocols to offer (ALPN)"},
	{"tls-min", 0, OPT_CHOICE, AT(min, int), "VERSION", "minimum TLS version (1.2)",
		.choices = TLS_VERSIONS},
	{"tls-max", 0, OPT_CHOICE, AT(max, int), "VERSION", "maximum TLS version (1.3)",
		.choices = TLS_VERSIONS},
	{"tls-set", 0, OPT_LIST, AT(set, struct strlist), "NAME=VALUE",
		"set an OpenSSL option of SSL_CONF_cmd(3)"},
	{"crl", 0, OPT_LIST, AT(crl, struct strlist), "FILE",
		"reject certificates revoked by the CRLs in FILE", .words = "file"},
	{"keylog", 0, OPT_STRING, AT(keylog, const char *), "FILE",
		"append the TLS session secrets to FILE, for Wireshark", .words = "file",
		.is_written = true},
	{"show-certificates", 0, OPT_FLAG, AT(show_certificates, bool), "",
		"show the server's certificate chain"},
	{"expires-within", 0, OPT_DURATION, AT(expires_within_ms, uint64_t), "TIME",
		"with --check: fail if a certificate expires within TIME (30d)", .min = 1,
		.max = 36500 * DAY_MS, .only_with = "check"},
	{"tls-eof", 0, OPT_CHOICE, AT(eof, int), "MODE",
		"end without close_notify: an error (strict, the default) or accepted (any)",
		.choices = TLS_ENDS},
	{""},
};

bool tls_is_wanted(const struct tls_config *c, const struct endpoint *endpoint)
{
	return c->tls || c->starttls >= 0 || endpoint->is_tls;
}

// An option that was given.
struct given {
	bool is_given;
	const char *name;
};

static const char *first_of(const struct given *given, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (given[i].is_given)
			return given[i].name;
	return NULL;
}

const char *tls_option_of_target(const struct tls_config *c)
{
	const struct given given[] = {
		{c->ca.count, "--ca"},
		{c->server_name, "--server-name"},
		{c->pin.count, "--pin"},
		{c->insecure, "--insecure"},
	};

	return first_of(given, ARRAY_SIZE(given));
}

const char *tls_option_of_either(const struct tls_config *c)
{
	const struct given given[] = {
		{c->alpn, "--alpn"},
		{c->min >= 0, "--tls-min"},
		{c->max >= 0, "--tls-max"},
		{c->set.count, "--tls-set"},
		{c->crl.count, "--crl"},
		{c->keylog, "--keylog"},
		{c->eof, "--tls-eof"},
	};

	return first_of(given, ARRAY_SIZE(given));
}

// The first option that means nothing without TLS, or NULL.
static const char *needless_option(const struct tls_config *c)
{
	const char *of_target = tls_option_of_target(c);
	const char *of_either = tls_option_of_either(c);
	const struct given given[] = {
		{of_target, of_target},
		{c->cert, "--cert"},
		{of_either, of_either},
		{c->show_certificates, "--show-certificates"},
		{c->expires_within_ms, "--expires-within"},
	};

	return first_of(given, ARRAY_SIZE(given));
}

const char *tls_config_name(const struct tls_config *c, const struct endpoint *endpoint)
{
	if (c->server_name)
		return c->server_name;
	if (endpoint->kind != ENDPOINT_INET)
		return NULL;
	return endpoint->host ? endpoint->host : "localhost";
}

enum starttls_protocol tls_config_protocol(const struct tls_config *c)
{
	return c->starttls < 0 ? STARTTLS_NONE
			       : (enum starttls_protocol)(STARTTLS_SMTP + c->starttls);
}

int tls_config_check_versions(const struct tls_config *c, struct str *err)
{
	if (c->min < 0 || c->max < 0 || c->min <= c->max)
		return 0;
	str_add(err, "--tls-min ");
	str_add_nth_word(err, TLS_VERSIONS, (size_t)c->min);
	str_add(err, " is newer than --tls-max ");
	str_add_nth_word(err, TLS_VERSIONS, (size_t)c->max);
	return -EINVAL;
}

static int check_name(const struct tls_config *c, const struct endpoint *endpoint, struct str *err)
{
	const char *name = tls_config_name(c, endpoint);
	const char *fault = name ? tls_name_fault(name) : NULL;

	if (fault && c->server_name)
		return bad_value(err, "--server-name", name, fault);
	if (fault)
		return bad_word(err, name, fault);
	if (name || c->pin.count || c->insecure)
		return 0;
	str_add_escaped(err, endpoint->name, strlen(endpoint->name));
	str_add(err,
		" has no name that TLS could verify: --server-name NAME gives it, or --pin, or "
		"--insecure");
	return -EINVAL;
}

static int check_pins(const struct tls_config *c, struct str *err)
{
	struct pins pins = {0};
	int r = 0;

	for (size_t i = 0; i < c->pin.count && r == 0; i++) {
		struct str why = {0};

		r = pins_add(&pins, c->pin.items[i], &why);
		if (r < 0)
			str_addf(err, "--pin: %s", str_c(&why));
		str_fini(&why);
	}
	pins_fini(&pins);
	return r;
}

int tls_config_check(const struct tls_config *c, const struct endpoint *endpoint, struct str *err)
{
	const char *needless = tls_is_wanted(c, endpoint) ? NULL : needless_option(c);
	int r;

	if (needless) {
		str_addf(err, "%s needs --tls, --starttls or tls:HOST:PORT", needless);
		return -EINVAL;
	}
	if (!tls_is_wanted(c, endpoint))
		return 0;
	r = tls_config_check_versions(c, err);
	if (r == 0)
		r = check_name(c, endpoint, err);
	return r < 0 ? r : check_pins(c, err);
}

// The number of a version in its protocol: 0x0301 is TLS 1.0.
static int version_number(int index)
{
	return index < 0 ? 0 : 0x0301 + index;
}

void tls_warn(struct app *app, const struct str *notes)
{
	const char *line = str_c(notes);

	while (*line) {
		size_t len = strcspn(line, "\n");
		struct str text = {0};

		str_addn(&text, line, len);
		report(&app->out, &ev_warning, F_STR("text", str_c(&text)));
		str_fini(&text);
		line += len + (line[len] == '\n');
	}
}

static int open_status(int error)
{
	switch (error) {
	case -EINVAL:
	case -EOPNOTSUPP:
		return STATUS_USAGE;
	case -EKEYREJECTED:
		return STATUS_TLS;
	default:
		return STATUS_LOCAL;
	}
}

// The secrets go where others may read them one day: that is said each time.
static void warn_of_keylog(struct app *app, const struct tls_context *context)
{
	const char *path = tls_context_keylog(context);

	if (path)
		report(&app->out, &ev_keylog, F_STR("file", path));
}

static void show_trust(struct app *app, const struct tls_context *context)
{
	struct str text = {0};

	tls_context_add_environment(context, &text);
	if (text.len)
		report(&app->out, &ev_trust, F_STR("text", str_c(&text)));
	str_fini(&text);
}

struct tls_settings tls_config_settings(const struct tls_config *c)
{
	return (struct tls_settings){
		.is_proxy = c->is_of_proxy,
		.authorities = c->ca,
		.pins = c->pin,
		.revocations = c->crl,
		.is_insecure = c->insecure,
		.certificates = {(const char **)(uintptr_t)&c->cert, c->cert ? 1 : 0},
		.keys = {(const char **)(uintptr_t)&c->key, c->key ? 1 : 0},
		.key_password = c->key_password,
		.protocols = c->alpn,
		.min_version = version_number(c->min),
		.max_version = version_number(c->max),
		.parameters = c->set,
		.takes_any_end = c->eof == 1,
		.keylog = c->keylog,
	};
}

int tls_open(struct app *app, const struct tls_settings *settings, struct tls_context **context)
{
	struct str notes = {0}, err = {0};
	int r = tls_context_create(context, settings, &notes, &err);
	int status = 0;

	tls_warn(app, &notes);
	if (r < 0) {
		status = app_failf(app, open_status(r), NULL, "%s", str_c(&err));
	} else {
		warn_of_keylog(app, *context);
		show_trust(app, *context);
	}
	str_fini(&notes);
	str_fini(&err);
	return status;
}

int tls_config_open(
	struct app *app, const struct tls_config *c, bool is_confined, struct tls_context **context)
{
	struct tls_settings settings = tls_config_settings(c);

	settings.is_confined = is_confined;
	return tls_open(app, &settings, context);
}
