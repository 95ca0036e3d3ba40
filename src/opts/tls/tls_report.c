// SPDX-License-Identifier: ISC
// What is said about a connection with TLS.
#include "opts/tls/tls.h"

#include <string.h>
#include <time.h>

#define DATE_SIZE 24

static void add_iso_date(struct str *s, int64_t seconds)
{
	time_t when = seconds;
	struct tm tm;
	char text[DATE_SIZE];

	if (gmtime_r(&when, &tm) && strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm))
		str_add(s, text);
}

// "TLS_AES_128_GCM_SHA256, x25519, h2"
static void add_suite(struct str *s, const struct tls_facts *f)
{
	str_add(s, f->cipher);
	if (f->group)
		str_addf(s, ", %s", f->group);
	if (f->alpn.len)
		str_addf(s, ", %s", str_c(&f->alpn));
}

static void add_verification(struct str *s, const struct tls_facts *f)
{
	if (!f->has_peer_certificate)
		str_add(s, "the client was asked for no certificate");
	else if (f->is_pinned)
		str_addf(s, "by its pinned key%s%s", f->unverified.len ? " though " : "",
			str_c(&f->unverified));
	else if (f->is_verified)
		str_addf(s, "verified as %s", str_c(&f->peer));
	else
		str_addf(s, "not verified: %s", str_c(&f->unverified));
}

// An empty text is left out.
static const char *or_null(const struct str *s)
{
	return s->len ? s->data : NULL;
}

static void report_facts(
	struct app *app, const struct event *event, struct field subject, const struct tls_facts *f)
{
	struct str suite = {0}, verification = {0}, expires = {0}, pin = {0};

	add_suite(&suite, f);
	add_verification(&verification, f);
	if (f->has_peer_certificate) {
		add_iso_date(&expires, f->expires);
		str_addf(&pin, "sha256:%s", f->certificate.sha256);
	}
	report(&app->out, event, subject, F_STR("version", f->version), F_STR("cipher", f->cipher),
		F_STR("group", f->group), F_STR("alpn", or_null(&f->alpn)),
		F_STR("server_name", or_null(&f->server_name)), F_BOOL("verified", f->is_verified),
		F_BOOL("resumed", f->is_resumed), F_STR("reason", or_null(&f->unverified)),
		F_STR("peer", or_null(&f->peer)), F_STR("issuer", or_null(&f->certificate.issuer)),
		F_STR("expires", or_null(&expires)), F_STR("pin", or_null(&pin)),
		F_SHOWN("suite", str_c(&suite)), F_SHOWN("verification", str_c(&verification)));
	str_fini(&suite);
	str_fini(&verification);
	str_fini(&expires);
	str_fini(&pin);
}

// An object that must be verified, and how it is said that it was not.
struct claim {
	const char *object;
	const struct event *unverified;
};

// Reports the facts of T by EVENT about SUBJECT, and aloud where CLAIM, unless that is NULL, does
// not hold.
static void report_tls(struct app *app, const struct event *event, struct field subject,
	const struct claim *claim, const struct tls *t)
{
	struct tls_facts f;

	if (!claim && !report_wants(&app->out, event))
		return;
	tls_describe(t, &f);
	if (claim && !f.is_verified)
		report(&app->out, claim->unverified, F_STR("object", claim->object),
			F_BOOL("verified", false), F_STR("reason", or_null(&f.unverified)));
	if (report_wants(&app->out, event))
		report_facts(app, event, subject, &f);
	tls_facts_fini(&f);
}

void tls_report_secured(struct app *app, const char *object, uint64_t number, const struct tls *t)
{
	report_tls(app, &ev_secured, (struct field)F_UINT("connection", number),
		&(struct claim){object, &ev_unverified}, t);
}

void tls_report_served(struct app *app, uint64_t number, const struct tls *t)
{
	report_tls(app, &ev_secured, (struct field)F_UINT("connection", number), NULL, t);
}

void tls_report_target(struct app *app, const char *object, uint64_t number, const struct tls *t)
{
	report_tls(app, &ev_target_secured, (struct field)F_UINT("connection", number),
		&(struct claim){object, &ev_unverified}, t);
}

void tls_report_proxy(struct app *app, const char *name, const struct tls *t)
{
	report_tls(app, &ev_proxy_secured, (struct field)F_STR("proxy", name),
		&(struct claim){name, &ev_unverified_proxy}, t);
}

// Lines of text one by one, for an event is a line.
static void report_lines(struct app *app, const struct str *text)
{
	const char *line = str_c(text);

	while (*line) {
		size_t len = strcspn(line, "\n");

		report(&app->out, &ev_certificate_line, F_BYTES("text", line, len));
		line += len + (line[len] == '\n');
	}
}

static void on_certificate_text(
	void *arg, enum tls_chain chain, size_t position, const struct certificate *c)
{
	struct str *text = arg;

	str_addf(text, "certificate %zu as %s:\n", position,
		chain == TLS_CHAIN_SENT ? "sent" : "verified");
	str_add_certificate(text, c, time(NULL), "  ");
}

static void on_certificate_json(
	void *arg, enum tls_chain chain, size_t position, const struct certificate *c)
{
	struct app *app = arg;
	const char *names[CERTIFICATE_NAMES + 1] = {NULL};
	struct str from = {0}, to = {0};

	for (size_t i = 0; i < MIN(c->name_count, CERTIFICATE_NAMES); i++)
		names[i] = str_c(&c->names[i]);
	add_iso_date(&from, c->not_before);
	add_iso_date(&to, c->not_after);
	report(&app->out, &ev_certificate, F_UINT("position", position),
		F_STR("chain", chain == TLS_CHAIN_SENT ? "sent" : "verified"),
		F_STR("subject", str_c(&c->subject)), F_STR("issuer", str_c(&c->issuer)),
		F_LIST("names", names), F_STR("not_before", or_null(&from)),
		F_STR("not_after", or_null(&to)),
		F_INT("days_left", certificate_days_left(c, time(NULL))),
		F_STR("key", str_c(&c->key)), F_STR("sha256", c->sha256));
	str_fini(&from);
	str_fini(&to);
}

static void show(struct app *app, const struct tls *t, bool on_stdout)
{
	struct str text = {0};

	if (app->out.json) {
		tls_for_each_certificate(t, on_certificate_json, app);
		return;
	}
	tls_for_each_certificate(t, on_certificate_text, &text);
	if (on_stdout)
		app_output(app, &text);
	else
		report_lines(app, &text);
	str_fini(&text);
}

void tls_report_certificates(struct app *app, const struct tls_config *c, const struct tls *t)
{
	if (c->show_certificates)
		show(app, t, false);
}

void tls_show_certificates(struct app *app, const struct tls_config *c, const struct tls *t)
{
	if (c->show_certificates)
		show(app, t, true);
}

struct expiry_search {
	int64_t until; // seconds since 1970
	struct str *why;
};

static void on_certificate_end(
	void *arg, enum tls_chain chain, size_t position, const struct certificate *c)
{
	struct expiry_search *s = arg;
	int64_t now = time(NULL);
	long long days = certificate_days_left(c, now);

	(void)chain;
	if (s->why->len || !c->is_dated || c->not_after > s->until)
		return;
	str_add(s->why, "the certificate ");
	if (position)
		str_addf(s->why, "of the authority '%s' ", str_c(&c->short_subject));
	str_add(s->why, c->not_after < now ? "has expired on " : "expires on ");
	str_add_date(s->why, c->not_after);
	str_add(s->why, " (");
	if (c->not_after < now)
		str_add_days_ago(s->why, c, now);
	else
		str_addf(s->why, "in %lld day%s", days, days == 1 ? "" : "s");
	str_addc(s->why, ')');
}

bool tls_expires_too_soon(const struct tls_config *c, const struct tls *t, struct str *why)
{
	struct expiry_search s = {time(NULL) + (int64_t)(c->expires_within_ms / 1000), why};

	if (c->expires_within_ms)
		tls_for_each_certificate(t, on_certificate_end, &s);
	return why->len > 0;
}
