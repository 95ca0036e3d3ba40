// SPDX-License-Identifier: ISC
// What stands for TLS in a build without it: no context can be made, so nothing else is reached.
#include "tls/certificate.h"
#include "tls/failure.h"
#include "tls/tls.h"
#include "tls/upgrade.h"

#include <errno.h>
#include <stdlib.h>

int tls_context_create(struct tls_context **context, const struct tls_settings *settings,
	struct str *notes, struct str *err)
{
	(void)context;
	(void)settings;
	(void)notes;
	str_add(err, "tls: none in this build");
	return -EOPNOTSUPP;
}

bool tls_build(struct tls_build *build)
{
	(void)build;
	return false;
}

const struct upgrade_kind tls_upgrade = {.name = "tls"};

void tls_context_destroy(struct tls_context *c)
{
	(void)c;
}

void tls_destroy(struct tls *t)
{
	(void)t;
}

#define NEVER(type, name, ...) \
	type name(__VA_ARGS__) \
	{ \
		abort(); \
	}

#pragma GCC diagnostic ignored "-Wunused-parameter"
NEVER(int, tls_context_renew, struct tls_context **context, const struct tls_context *old,
	struct str *notes, struct str *err)
NEVER(void, tls_context_add_files, const struct tls_context *c, struct strlist *files)
NEVER(void, tls_context_show, const struct tls_context *c, struct certificate *own)
NEVER(const char *, tls_context_keylog, const struct tls_context *c)
NEVER(void, tls_context_add_environment, const struct tls_context *c, struct str *s)
NEVER(struct tls *, tls_create, struct tls_context *c, int fd, const char *name)
NEVER(void, tls_set_below, struct tls *t, struct channel *below)
NEVER(int, tls_handshake, struct tls *t)
NEVER(bool, tls_is_confirmed, const struct tls *t)
NEVER(int, tls_confirm, struct tls *t)
NEVER(ssize_t, tls_recv, struct tls *t, void *buf, size_t len)
NEVER(ssize_t, tls_send, struct tls *t, const void *buf, size_t len)
NEVER(int, tls_end, struct tls *t)
NEVER(int, tls_flush, struct tls *t)
NEVER(unsigned, tls_wants, const struct tls *t, bool is_receiving)
NEVER(bool, tls_has_more, const struct tls *t)
NEVER(bool, tls_has_ended, const struct tls *t)
NEVER(size_t, tls_unsent, const struct tls *t)
NEVER(uint64_t, tls_wire_sent, const struct tls *t)
NEVER(uint64_t, tls_wire_received, const struct tls *t)
NEVER(const struct tls_failure *, tls_failure, const struct tls *t)
NEVER(void, tls_describe, const struct tls *t, struct tls_facts *f)
NEVER(void, tls_facts_fini, struct tls_facts *f)
NEVER(void, tls_for_each_certificate, const struct tls *t, tls_certificate_fn *fn, void *arg)
NEVER(bool, tls_failure_may_pass, const struct tls_failure *f)
NEVER(int, tls_failure_error, const struct tls_failure *f)
NEVER(void, certificate_fini, struct certificate *c)
NEVER(int64_t, certificate_days_left, const struct certificate *c, int64_t now)
NEVER(void, str_add_days_ago, struct str *s, const struct certificate *c, int64_t now)
NEVER(void, str_add_certificate_names, struct str *s, const struct certificate *c, size_t max)
NEVER(void, str_add_date, struct str *s, int64_t seconds)
NEVER(void, str_add_certificate, struct str *s, const struct certificate *c, int64_t now,
	const char *indent)
