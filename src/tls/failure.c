// SPDX-License-Identifier: ISC
#include "tls/failure.h"

#include "base/mem.h"
#include "tls/internal.h"

#include <errno.h>
#include <string.h>

#define ALERT_OFFSET 1000 // the reasons of OpenSSL for alerts that came are their numbers and this
#define SHOWN_FIRST 40 // bytes of what was said instead of TLS

bool tls_failure_may_pass(const struct tls_failure *f)
{
	return f->kind == TLS_FAIL_TRUNCATED || f->kind == TLS_FAIL_ERRNO;
}

int tls_failure_error(const struct tls_failure *f)
{
	if (f->kind == TLS_FAIL_ERRNO || f->kind == TLS_FAIL_LOCAL)
		return f->code;
	return f->kind == TLS_FAIL_TRUNCATED ? -ECONNABORTED : -EPROTO;
}

struct str *tls_fail(struct tls *t, enum tls_failure_kind kind, int code)
{
	if (t->failure)
		return NULL;
	t->failure = xcalloc(1, sizeof(*t->failure));
	t->failure->kind = kind;
	t->failure->code = code;
	return &t->failure->text;
}

static const char *peer_of(const struct tls *t)
{
	return t->context->settings.is_server ? "client" : "server";
}

// The names of alerts in the standard (RFC 8446, section 6, and RFC 5246, section 7.2).
static const struct alert {
	int number;
	char name[36];
} alerts[] = {
	{0, "close_notify"},
	{10, "unexpected_message"},
	{20, "bad_record_mac"},
	{22, "record_overflow"},
	{40, "handshake_failure"},
	{42, "bad_certificate"},
	{43, "unsupported_certificate"},
	{44, "certificate_revoked"},
	{45, "certificate_expired"},
	{46, "certificate_unknown"},
	{47, "illegal_parameter"},
	{48, "unknown_ca"},
	{49, "access_denied"},
	{50, "decode_error"},
	{51, "decrypt_error"},
	{70, "protocol_version"},
	{71, "insufficient_security"},
	{80, "internal_error"},
	{86, "inappropriate_fallback"},
	{90, "user_canceled"},
	{100, "no_renegotiation"},
	{109, "missing_extension"},
	{110, "unsupported_extension"},
	{112, "unrecognized_name"},
	{113, "bad_certificate_status_response"},
	{115, "unknown_psk_identity"},
	{116, "certificate_required"},
	{120, "no_application_protocol"},
};

static void add_alert_name(struct str *s, int number)
{
	for (size_t i = 0; i < ARRAY_SIZE(alerts); i++)
		if (alerts[i].number == number) {
			str_add(s, alerts[i].name);
			return;
		}
	str_addf(s, "alert %d", number);
}

static bool is_about_certificate(int alert)
{
	return (alert >= SSL_AD_BAD_CERTIFICATE && alert <= SSL_AD_CERTIFICATE_UNKNOWN) ||
	       alert == SSL_AD_UNKNOWN_CA || alert == SSL_AD_ACCESS_DENIED ||
	       alert == SSL_AD_CERTIFICATE_REQUIRED;
}

static void add_versions(struct str *s, const struct tls *t)
{
	long least = SSL_ctrl(t->ssl, SSL_CTRL_GET_MIN_PROTO_VERSION, 0, NULL);
	long most = SSL_ctrl(t->ssl, SSL_CTRL_GET_MAX_PROTO_VERSION, 0, NULL);

	if (!most)
		most = TLS1_3_VERSION;
	str_addf(s, "TLS 1.%ld", MAX(least, TLS1_VERSION) - TLS1_VERSION);
	if (most > least)
		str_addf(s, "-1.%ld", most - TLS1_VERSION);
}

// An alert that concerns what we have to show, or have not.
static void add_certificate_alert(struct str *s, const struct tls *t, int alert)
{
	if (!t->context->settings.is_server && !t->context->settings.certificates.count) {
		str_add(s, "the server wants a certificate from us (");
		add_alert_name(s, alert);
		str_add(s, "): --cert, --key");
		return;
	}
	str_addf(s, "the %s refused our certificate (", peer_of(t));
	add_alert_name(s, alert);
	str_addc(s, ')');
}

static void add_refusal(struct str *s, const struct tls *t, int alert)
{
	str_add(s, "the peer refused the handshake (");
	add_alert_name(s, alert);
	switch (alert) {
	case SSL_AD_HANDSHAKE_FAILURE:
	case SSL_AD_PROTOCOL_VERSION:
	case SSL_AD_INSUFFICIENT_SECURITY:
	case SSL_AD_ILLEGAL_PARAMETER:
		str_add(s, "): no version, cipher or group in common? we offer ");
		add_versions(s, t);
		break;
	default:
		str_addc(s, ')');
	}
}

static void fail_by_alert(struct tls *t, int alert)
{
	struct str *s = tls_fail(t, TLS_FAIL_ALERT, alert);
	const struct tls_settings *settings = &t->context->settings;
	bool has_none = t->is_asked && !settings->certificates.count;

	if (!s)
		return;
	if (is_about_certificate(alert) || (alert == SSL_AD_HANDSHAKE_FAILURE && has_none)) {
		add_certificate_alert(s, t, alert);
	} else if (alert == SSL_AD_UNRECOGNIZED_NAME && t->name) {
		str_add(s, "the server does not know the name ");
		str_add_escaped(s, t->name, strlen(t->name));
		str_add(s, " (unrecognized_name); --server-name");
	} else if (alert == SSL_AD_NO_APPLICATION_PROTOCOL && settings->protocols) {
		str_add(s, "no application protocol in common (we offered ");
		str_add_escaped(s, settings->protocols, strlen(settings->protocols));
		str_addc(s, ')');
	} else if (!t->is_open || !t->has_heard) {
		add_refusal(s, t, alert);
	} else {
		str_add(s, "the peer broke off (");
		add_alert_name(s, alert);
		str_addc(s, ')');
	}
}

// What begins like a record of TLS is one: a type and the major version.
static bool looks_like_tls(const struct wire *w)
{
	return w->first_len < 1 || (w->first[0] >= SSL3_RT_CHANGE_CIPHER_SPEC &&
					   w->first[0] <= SSL3_RT_APPLICATION_DATA &&
					   (w->first_len < 2 || w->first[1] == SSL3_VERSION_MAJOR));
}

static bool begins_with(const struct wire *w, const char *text)
{
	return w->first_len >= strlen(text) && memcmp(w->first, text, strlen(text)) == 0;
}

// The protocol whose greeting that is and which can change to TLS, or NULL.
static const char *starttls_of(const struct wire *w)
{
	const char *first = (const char *)w->first;

	if (begins_with(w, "220") && memmem(first, w->first_len, "FTP", 3))
		return "ftp";
	if (begins_with(w, "220") && memmem(first, w->first_len, "LMTP", 4))
		return "lmtp";
	if (begins_with(w, "220"))
		return "smtp";
	if (begins_with(w, "* OK") || begins_with(w, "* PREAUTH"))
		return "imap";
	if (begins_with(w, "+OK"))
		return "pop3";
	if (w->first_len > 5 && w->first[3] == 0 && w->first[4] == 10)
		return "mysql";
	return NULL;
}

// Says what came instead of TLS: its first line.
static void fail_by_words(struct tls *t)
{
	const struct wire *w = &t->wire;
	const unsigned char *end = memchr(w->first, '\n', w->first_len);
	size_t len = MIN(end ? (size_t)(end - w->first) : w->first_len, SHOWN_FIRST);
	bool is_server = t->context->settings.is_server;
	const char *protocol = is_server ? NULL : starttls_of(w);
	struct str *s = tls_fail(t, TLS_FAIL_NOT_TLS, -EPROTO);

	if (!s)
		return;
	while (len && (w->first[len - 1] == '\r' || w->first[len - 1] == ' '))
		len--;
	if (is_server)
		str_addf(s, "the client sent plain %s ('",
			memmem(w->first, w->first_len, "HTTP/", 5) ? "HTTP" : "text");
	else
		str_add(s, "the peer does not speak TLS here: it said '");
	str_add_escaped(s, w->first, len);
	str_add(s, is_server ? "')" : "'");
	if (protocol)
		str_addf(s, "; try --starttls %s", protocol);
}

// What OpenSSL refuses and an option would accept.
static bool add_remedy(struct str *s, const struct tls *t, int reason)
{
	switch (reason) {
	case SSL_R_UNSUPPORTED_PROTOCOL:
	case SSL_R_WRONG_SSL_VERSION:
		if (!t->server_version || t->server_version >= TLS1_2_VERSION)
			return false;
		str_addf(s,
			"the server has TLS 1.%d at most; --tls-min 1.%d --tls-set "
			"CipherString=DEFAULT@SECLEVEL=0 speaks it",
			t->server_version - TLS1_VERSION, t->server_version - TLS1_VERSION);
		return true;
	case SSL_R_UNSAFE_LEGACY_RENEGOTIATION_DISABLED:
		str_add(s, "the server lacks secure renegotiation (RFC 5746); --tls-set "
			   "Options=UnsafeLegacyServerConnect speaks with it");
		return true;
	case SSL_R_DH_KEY_TOO_SMALL:
		str_add(s, "the server's Diffie-Hellman group is too small; --tls-set "
			   "CipherString=DEFAULT@SECLEVEL=1 accepts it");
		return true;
	case SSL_R_EE_KEY_TOO_SMALL:
		str_add(s,
			"its key is too short; --tls-set CipherString=DEFAULT@SECLEVEL=1 accepts "
			"that");
		return true;
	case SSL_R_NO_CIPHERS_AVAILABLE:
	case SSL_R_NO_PROTOCOLS_AVAILABLE:
		str_add(s,
			"the settings leave no version or cipher to offer: --tls-min, --tls-max, "
			"--tls-set");
		return true;
	default:
		return false;
	}
}

// The same for a server, whose settings are another's to change.
static bool add_server_remedy(struct str *s, const struct tls *t, int reason)
{
	switch (reason) {
	case SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE:
		str_add(s, "the client sent no certificate (--client-ca asks for one)");
		return true;
	case SSL_R_UNSUPPORTED_PROTOCOL:
	case SSL_R_VERSION_TOO_LOW:
	case SSL_R_WRONG_VERSION_NUMBER:
		str_add(s, "the client offers no version of TLS that is spoken here (");
		add_versions(s, t);
		str_add(s, "); --tls-min");
		return true;
	case SSL_R_NO_SHARED_CIPHER:
	case SSL_R_NO_SUITABLE_KEY_SHARE:
	case SSL_R_NO_SUITABLE_GROUPS:
	case SSL_R_NO_SUITABLE_SIGNATURE_ALGORITHM:
		str_add(s, "the client offers no cipher, group or signature that goes with ours");
		return true;
	case SSL_R_NO_APPLICATION_PROTOCOL:
		str_add(s, "no application protocol in common (we have ");
		str_add_escaped(
			s, t->context->settings.protocols, strlen(t->context->settings.protocols));
		str_addc(s, ')');
		return true;
	default:
		return false;
	}
}

static void fail_by_reason(struct tls *t, unsigned long error)
{
	struct str *s = tls_fail(t, TLS_FAIL_PROTOCOL, -EPROTO);
	const char *text = ossl.ERR_reason_error_string(error);

	if (!s)
		return;
	if (t->context->settings.is_server
			? add_server_remedy(s, t, ERR_GET_REASON(error))
			: !t->context->settings.is_proxy && add_remedy(s, t, ERR_GET_REASON(error)))
		return;
	str_addf(s, "the peer breaks the rules of TLS: %s", text ? text : "unknown error");
}

// The connection below has ended without a word of TLS.
static void fail_by_end(struct tls *t)
{
	struct str *s;

	if (t->wire.recv_error || t->wire.send_error) {
		int error = t->wire.recv_error ? t->wire.recv_error : t->wire.send_error;

		s = tls_fail(t, TLS_FAIL_ERRNO, error);
		if (!s)
			return;
		if (t->is_open)
			str_add(s, strerror(-error));
		else if (error == -ECONNRESET || error == -EPIPE)
			str_add(s, "the peer reset the connection during the TLS handshake");
		else
			str_addf(s, "the TLS handshake broke: %s", strerror(-error));
		return;
	}
	s = tls_fail(t, TLS_FAIL_TRUNCATED, -ECONNABORTED);
	if (!s)
		return;
	if (!t->is_open)
		str_add(s, "the peer ended the connection during the TLS handshake");
	else if (wire_is_inside(&t->wire))
		str_add(s, "the peer ended within a record: what was received is cut off");
	else
		str_addf(s,
			"the peer ended without saying so (no close_notify): what was received may "
			"be cut off%s",
			t->context->settings.is_proxy ? "" : "; --tls-eof any accepts that");
}

static void fail_by_randomness(struct tls *t)
{
	struct str *s = tls_fail(t, TLS_FAIL_LOCAL, -EIO);

	if (s)
		str_add(s, "OpenSSL got no random numbers from the system");
}

// Takes the errors of OpenSSL. Returns the first, which is the cause of the others. LACKS_RANDOM:
// one of them is about random numbers.
static unsigned long take_errors(bool *lacks_random)
{
	unsigned long first = ossl.ERR_get_error();

	for (unsigned long e = first; e; e = ossl.ERR_get_error())
		*lacks_random |= ERR_GET_LIB(e) == ERR_LIB_RAND;
	return first;
}

int tls_fail_by_library(struct tls *t)
{
	bool lacks_random = false;
	unsigned long error = take_errors(&lacks_random);
	int reason = ERR_GET_REASON(error);
	bool is_alert = ERR_GET_LIB(error) == ERR_LIB_SSL && reason >= ALERT_OFFSET;

	if (!t->is_open && !looks_like_tls(&t->wire))
		fail_by_words(t);
	else if (is_alert)
		fail_by_alert(t, reason - ALERT_OFFSET);
	else if (lacks_random)
		fail_by_randomness(t);
	else if (error)
		fail_by_reason(t, error);
	else
		fail_by_end(t);
	return tls_failure_error(t->failure);
}
