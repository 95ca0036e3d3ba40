// SPDX-License-Identifier: ISC
// The options of TLS for what is connected to, and what is said about such a connection.
#ifndef SOCKCTL_OPTS_TLS_TLS_H
#define SOCKCTL_OPTS_TLS_TLS_H

#include "app.h"
#include "net/addr/endpoint.h"
#include "tls/starttls/starttls.h"
#include "tls/tls.h"

struct tls_config {
	bool tls;
	int starttls; // index into STARTTLS_WORDS, or -1
	struct strlist ca, pin, crl, set;
	bool insecure;
	const char *server_name;
	const char *cert, *key, *key_password;
	const char *alpn;
	int min, max; // index into the versions
	const char *keylog;
	bool show_certificates;
	uint64_t expires_within_ms; // 0: not asked
	int eof;
	bool is_of_proxy; // not from the command line: TLS with a proxy
};

#define TLS_DEFAULTS \
	{ \
		.starttls = -1, .min = -1, .max = -1 \
	}

#define TLS_VERSIONS "1.0 1.1 1.2 1.3" // as --tls-min has them
#define TLS_ENDS "strict any" // as --tls-eof has them

extern const struct opt tls_opts[];
#define TLS_GROUP(config, member) \
	{ \
		"TLS", tls_opts, offsetof(struct config, member) \
	}

// TLS is wanted by --tls, --starttls, or the endpoint.
bool tls_is_wanted(const struct tls_config *c, const struct endpoint *endpoint);

// The first option that is given of those about the server that is connected to, a certificate for
// it aside, and of those for either side of TLS; or NULL.
const char *tls_option_of_target(const struct tls_config *c);
const char *tls_option_of_either(const struct tls_config *c);

// Checks what the table cannot. Returns 0, or -EINVAL with the reason in ERR.
int tls_config_check(const struct tls_config *c, const struct endpoint *endpoint, struct str *err);

// The part of it that is about versions.
int tls_config_check_versions(const struct tls_config *c, struct str *err);

// The name that the certificate must be for, or NULL where none is verified.
const char *tls_config_name(const struct tls_config *c, const struct endpoint *endpoint);

enum starttls_protocol tls_config_protocol(const struct tls_config *c);

// What the options come to.
struct tls_settings tls_config_settings(const struct tls_config *c);

// Says each line of NOTES as a warning.
void tls_warn(struct app *app, const struct str *notes);

// Makes the context. Warnings are said here. Returns 0, or the status after a message.
int tls_open(struct app *app, const struct tls_settings *settings, struct tls_context **context);

// The same by the options. IS_CONFINED: handshakes will happen in the sandbox.
int tls_config_open(struct app *app, const struct tls_config *c, bool is_confined,
	struct tls_context **context);

// Reports that connection NUMBER is secured, and aloud if nothing was verified.
void tls_report_secured(struct app *app, const char *object, uint64_t number, const struct tls *t);

// The same for a client that was accepted, who may show no certificate.
void tls_report_served(struct app *app, uint64_t number, const struct tls *t);

// The same as the first for what connection NUMBER is forwarded to.
void tls_report_target(struct app *app, const char *object, uint64_t number, const struct tls *t);

// The same for TLS with the proxy that is NAMEd.
void tls_report_proxy(struct app *app, const char *name, const struct tls *t);

// Reports the certificates of the chain as sent, if they are wanted: also where they were refused.
void tls_report_certificates(struct app *app, const struct tls_config *c, const struct tls *t);

// The same for a check, whose text goes to stdout.
void tls_show_certificates(struct app *app, const struct tls_config *c, const struct tls *t);

// True, with a line in WHY, if a certificate of the chain ends within what --expires-within says.
bool tls_expires_too_soon(const struct tls_config *c, const struct tls *t, struct str *why);

#endif
