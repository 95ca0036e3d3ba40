// SPDX-License-Identifier: ISC
#include "opts/connecting.h"

#include "base/mem.h"
#include "base/value.h"
#include "net/addr/interfaces.h"
#include "net/addr/ports.h"
#include "net/names/database.h"
#include "net/names/suggestion.h"
#include "net/unix_path.h"
#include "opts/source.h"
#include "sys/names.h"

#include <errno.h>
#include <inttypes.h>
#include <net/if.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>

#define DAY_MS (24 * 3600 * 1000ull)
#define AT(field, type) OPT_AT(struct connecting_config, field, type)

const struct opt connecting_opts[] = {
	{"ipv4", '4', OPT_FLAG, AT(ipv4, bool), "", "use IPv4 only", .is_everyday = true},
	{"ipv6", '6', OPT_FLAG, AT(ipv6, bool), "", "use IPv6 only", .is_everyday = true,
		.not_with = "ipv4"},
	{"numeric", 'n', OPT_FLAG, AT(numeric, bool), "",
		"do not look up host names; accept addresses only"},
	{"bind", 's', OPT_STRING, AT(bind, const char *), "ADDRESS[:PORT]",
		"local address to connect from", .words = "address", .is_everyday = true,
		.only_with = "client"},
	{"source-port", 'p', OPT_UINT, AT(source_port, uint64_t), "PORT",
		"local port to connect from", .min = 1, .max = 65535, .only_with = "client"},
	{"interface", 0, OPT_STRING, AT(interface, const char *), "NAME",
		"network interface to connect through", .words = "interface",
		.sets = "SO_BINDTODEVICE SO_BINDTOIFINDEX"},
	{"connect-timeout", 0, OPT_DURATION, AT(connect_timeout_ms, uint64_t), "TIME",
		"maximum time for each connection attempt", .min = 1, .max = 365 * DAY_MS,
		.only_with = "client", .not_with = "datagrams"},
	{"retry", 0, OPT_STRING, AT(retry, const char *), "N",
		"retry until connected, or at most N attempts", .is_optional = true,
		.is_everyday = true, .only_with = "client", .not_with = "datagrams"},
	{"retry-delay", 0, OPT_DURATION, AT(retry_delay_ms, uint64_t), "TIME",
		"pause between attempts (250ms)", .max = 365 * DAY_MS, .only_with = "client",
		.not_with = "datagrams"},
	{""},
};

int connecting_check(struct connecting_config *c, struct str *err)
{
	const struct source_words bind = {
		.bind = c->bind, .port = &c->source_port, .ipv4 = c->ipv4, .ipv6 = c->ipv6};
	uint64_t tries;
	int r = source_check(&bind, &c->bind_address, err);

	if (r == 0 && c->retry && !*c->retry)
		c->retries = DIAL_RETRY_FOREVER;
	else if (r == 0 && c->retry && (parse_uint(c->retry, &tries) < 0 || !tries))
		r = bad_value(err, "--retry", c->retry, "is no number of tries: 1 or more");
	else if (r == 0 && c->retry)
		c->retries = tries - 1;
	if (r == 0 && c->interface)
		r = check_interface_name(c->interface, err);
	return r;
}

// The family that is asked for. From an address of ours no other family can be reached.
static int family_of(const struct connecting_config *c)
{
	if (c->ipv4 || c->ipv6)
		return c->ipv4 ? AF_INET : AF_INET6;
	if (c->bind_address.len && !sockaddr_is_wildcard(&c->bind_address))
		return c->bind_address.sa.sa_family;
	return AF_UNSPEC;
}

void connecting_options(const struct connecting_config *c, struct dial_options *o)
{
	*o = (struct dial_options){
		.family = family_of(c),
		.numeric = c->numeric,
		.socket = {.bind = c->bind_address, .interface = c->interface},
		.connect_timeout_ms = c->connect_timeout_ms,
		.retries = c->retries,
		.retry_delay_ms = c->retry_delay_ms,
	};
	if (!c->source_port)
		return;
	if (!o->socket.bind.len) { // any address: the family of each attempt counts
		o->socket.bind.in.sin_family = AF_INET;
		o->socket.bind.len = sizeof(o->socket.bind.in);
	}
	sockaddr_set_port(&o->socket.bind, (uint16_t)c->source_port);
}

int connecting_upgrade_status(enum upgrade_failure failure)
{
	static const int statuses[] = {
		[UPGRADE_OK] = STATUS_OK,
		[UPGRADE_LOCAL] = STATUS_LOCAL,
		[UPGRADE_UNREACHABLE] = STATUS_CONNECT,
		[UPGRADE_TIMEOUT] = STATUS_TIMEOUT,
		[UPGRADE_BROKEN] = STATUS_BROKEN,
		[UPGRADE_REFUSED] = STATUS_PROXY,
		[UPGRADE_TLS] = STATUS_TLS,
		[UPGRADE_INVALID] = STATUS_BROKEN,
		[UPGRADE_NOT_FOUND] = STATUS_NOT_FOUND,
		[UPGRADE_NAME_SERVICE] = STATUS_NAME_SERVICE,
	};

	return statuses[failure];
}

static int upgrade_status_of(const struct dial_outcome *o)
{
	for (size_t i = 0; i < o->attempt_count; i++)
		if (o->attempts[i].upgrade.failure)
			return connecting_upgrade_status(o->attempts[i].upgrade.failure);
	return STATUS_CONNECT;
}

static int status_of(const struct dial_outcome *o)
{
	static const int statuses[] = {
		[DIAL_OK] = STATUS_OK,
		[DIAL_NOT_FOUND] = STATUS_NOT_FOUND,
		[DIAL_NAME_SERVICE] = STATUS_NAME_SERVICE,
		[DIAL_REFUSED] = STATUS_CONNECT,
		[DIAL_TIMEOUT] = STATUS_TIMEOUT,
		[DIAL_LOCAL] = STATUS_LOCAL,
	};

	if (o->failure == DIAL_UPGRADE)
		return upgrade_status_of(o);

	// Who does not want a connection refuses it (ECONNREFUSED). A reset is the end of one.
	if (o->failure == DIAL_REFUSED && o->error == -ECONNRESET)
		return STATUS_BROKEN;
	return statuses[o->failure];
}

// What is said before the error of an attempt, where the error alone would leave in the dark.
static void add_circumstance(
	struct str *s, const struct attempt_options *o, const struct dial_attempt *a)
{
	const struct sockaddr_any *named = a->step == STEP_BIND ? &o->bind : &a->address;

	if (str_add_step(s, a->step, o->interface, &o->bind)) {
		if (a->step == STEP_BIND && a->error == -EACCES)
			str_add(s, ", which takes privilege (CAP_NET_BIND_SERVICE)");
		else if (a->step == STEP_BIND && a->error == -EADDRNOTAVAIL)
			str_add(s, ", which no interface of this machine has");
		else if (a->step == STEP_INTERFACE && a->error == -ENODEV)
			str_add_interfaces(s);
		str_add(s, ": ");
	} else if (a->error == -EADDRNOTAVAIL && sockaddr_port(&o->bind)) {
		str_add_source(s, &o->bind);
		str_add(s, ", which a connection to there still holds: ");
	} else if (a->error == -EADDRNOTAVAIL) {
		str_add(s, "no local port is free: ");
	} else if (a->error == -EPROTOTYPE) {
		str_add(s, OTHER_TYPE ": ");
	} else if (str_add_path_fault(s, &a->address, a->error)) {
		str_add(s, ": ");
	}
	if (a->error == -EINVAL && sockaddr_lacks_interface(named))
		str_add(s, INTERFACE_REMEDY ": ");
}

static void add_attempt(
	struct str *s, const struct attempt_options *o, const struct dial_attempt *a)
{
	add_circumstance(s, o, a);
	if (a->upgrade.text.len)
		str_add(s, str_c(&a->upgrade.text));
	else if (a->error)
		str_add_error(s, a->error);
	else
		str_add(s, "no answer");
}

// All attempts in their order. The address of a single one goes without saying.
static void add_attempts(
	struct str *s, const struct attempt_options *o, const struct dial_outcome *outcome)
{
	for (size_t i = 0; i < outcome->attempt_count; i++) {
		const struct dial_attempt *a = &outcome->attempts[i];

		if (outcome->attempt_count > 1) {
			str_add(s, i ? ", " : "");
			str_add_shown_sockaddr(s, &a->address.sa, a->address.len);
			str_add(s, ": ");
		}
		add_attempt(s, o, a);
	}
}

// The name that was probably meant, or a host in the place of the port.
static void add_service_hint(struct str *s, const struct endpoint *endpoint)
{
	struct suggestion near;

	suggestion_init(&near, endpoint->service, strlen(endpoint->service));
	services_suggest(&near);
	if (endpoint->host && is_port_number(endpoint->host, 0))
		str_add(s, "; write the host before the port");
	else if (near.best)
		str_addf(s, "; did you mean '%s'?", near.best);
	else if (!endpoint->host)
		str_add(s, "; a host needs a port after it");
	suggestion_fini(&near);
}

void connecting_add_lookup_failure(
	struct str *s, const struct endpoint *endpoint, int family, int code)
{
	if (code == EAI_SERVICE)
		str_addf(s, "no such service: %s", endpoint->service);
	else if (code == EAI_ADDRFAMILY || (code == EAI_NODATA && family != AF_UNSPEC))
		str_add(s, family == AF_INET ? "no IPv4 address" : "no IPv6 address");
	else
		str_add(s, lookup_strerror(code));
	str_add(s, " (");
	str_add_name(s, names_eai, code);
	str_add(s, ")");
	size_t len = s->len;

	if (code == EAI_SERVICE || lookup_is_not_found(code))
		endpoint_add_hint(s, endpoint);
	if (code == EAI_SERVICE && s->len == len)
		add_service_hint(s, endpoint);
}

static void ignore_service(void *arg, const struct servent *e)
{
	(void)arg;
	(void)e;
}

int connecting_check_service(struct app *app, const struct endpoint *endpoint, bool is_udp)
{
	struct str why = {0};

	if (endpoint->kind != ENDPOINT_INET || is_port_number(endpoint->service, 0) ||
		services_find(endpoint->service, is_udp ? "udp" : "tcp", ignore_service, NULL))
		return 0;
	connecting_add_lookup_failure(&why, endpoint, AF_UNSPEC, EAI_SERVICE);
	app_failf(app, STATUS_NOT_FOUND, endpoint->name, "%s", str_c(&why));
	str_fini(&why);
	return app->status;
}

void connecting_add_reason(struct str *s, const struct endpoint *endpoint,
	const struct dial_options *options, const struct dial_outcome *o)
{
	if (o->attempt_count)
		add_attempts(s, &options->socket, o);
	else if (o->error == -ETIMEDOUT)
		str_add(s, "timed out looking up the name");
	else if (o->error)
		str_add_error(s, o->error);
	else
		connecting_add_lookup_failure(s, endpoint, options->family, o->code);
	if (!o->attempt_count && o->code == EAI_ADDRFAMILY && options->socket.bind.len)
		str_add(s, "; the address of --bind is of another family");
}

// What the failure of an attempt is about: who was meant, or the address that was tried. That of a
// proxy is known by its URL.
static void add_object(struct str *s, const struct endpoint *endpoint,
	const struct dial_options *options, const struct dial_outcome *o, size_t index)
{
	const struct dial_attempt *a = &o->attempts[index];

	if (a->upgrade.failure || endpoint->is_seqpacket) {
		str_add(s, options->target ? options->target->name : endpoint->name);
		return;
	}
	if (options->target)
		str_addf(s, "%s%s", endpoint->name, o->attempt_count > 1 ? ": " : "");
	if (!options->target || o->attempt_count > 1)
		str_add_sockaddr(s, &a->address.sa, a->address.len);
}

int connecting_say(struct app *app, const struct endpoint *endpoint,
	const struct dial_options *options, const struct dial_outcome *o)
{
	int status = status_of(o);
	struct str object = {0};
	struct str text = {0};

	for (size_t i = 0; i < o->attempt_count; i++) {
		const struct dial_attempt *a = &o->attempts[i];

		str_clear(&object);
		str_clear(&text);
		add_object(&object, endpoint, options, o, i);
		add_circumstance(&text, &options->socket, a);
		str_add(&text, a->upgrade.text.len ? str_c(&a->upgrade.text) : strerror(-a->error));
		report_error_at(&app->out, status, &a->address, str_c(&object), str_c(&text),
			a->upgrade.text.len ? a->upgrade.error : a->error);
	}
	if (!o->attempt_count) {
		connecting_add_reason(&text, endpoint, options, o);
		report_error(&app->out, status, endpoint->name, str_c(&text), 0);
	}
	str_fini(&object);
	str_fini(&text);
	return status;
}

int connecting_report(struct app *app, const struct endpoint *endpoint,
	const struct dial_options *options, const struct dial_outcome *o)
{
	return app_fail_quietly(app, connecting_say(app, endpoint, options, o));
}

void connecting_report_resolved(struct app *app, const char *name, const struct address_list *l)
{
	char **texts = xcalloc(l->count + 1, sizeof(*texts));

	for (size_t i = 0; i < l->count; i++) {
		struct str text = {0};

		if (sockaddr_port(&l->items[i]))
			str_add_sockaddr(&text, &l->items[i].sa, l->items[i].len);
		else
			str_add_sockaddr_host(&text, &l->items[i].sa, l->items[i].len);
		texts[i] = text.data;
	}
	report(&app->out, &ev_resolved, F_STR("name", name), F_LIST("addresses", texts));
	for (size_t i = 0; i < l->count; i++)
		free(texts[i]);
	free(texts);
}

void connecting_report_retry(struct app *app, const char *name, uint64_t tries, const char *reason,
	const struct dial_options *options)
{
	report(&app->out, &ev_retry, F_STR("target", name), F_UINT("try", tries),
		F_STR("reason", reason), F_SECONDS("delay", options->retry_delay_ms * 1000000));
}

void connecting_report_attempt(
	struct app *app, const struct sockaddr_any *remote, const char *reason)
{
	report(&app->out, &ev_attempt, F_ADDR("remote", remote), F_STR("reason", reason));
}

void connecting_report_progress(struct app *app, const struct dial *d, enum dial_progress progress,
	const struct dial_attempt *attempt)
{
	struct str reason = {0};

	switch (progress) {
	case DIAL_RESOLVED:
		connecting_report_resolved(app, d->endpoint->name, &d->addresses);
		break;
	case DIAL_NEXT:
		add_attempt(&reason, &d->options.socket, attempt);
		connecting_report_attempt(app, &attempt->address, str_c(&reason));
		break;
	case DIAL_RETRY:
		connecting_add_reason(&reason, d->endpoint, &d->options, &d->last);
		connecting_report_retry(app,
			d->options.target ? d->options.target->name : d->endpoint->name, d->tries,
			str_c(&reason), &d->options);
		break;
	}
	str_fini(&reason);
}

void connecting_add_tries(struct str *s, uint64_t tries)
{
	if (tries > 1)
		str_addf(s, "; the last of %" PRIu64 " tries met ", tries);
	else
		str_add(s, "; the first try met ");
}

void connecting_add_doing(const struct dial *d, struct str *doing)
{
	const struct endpoint *target = d->lookup ? NULL : d->options.target;

	str_add(doing, d->lookup ? "looking up " : "connecting to ");
	if (target) {
		str_add_escaped(doing, target->name, strlen(target->name));
		str_add(doing, " through ");
	}
	str_add_escaped(doing, d->endpoint->name, strlen(d->endpoint->name));
	if (d->now.attempt_count > 1) {
		str_add(doing, ": ");
		add_attempts(doing, &d->options.socket, &d->now);
	}
	if (d->tries) {
		connecting_add_tries(doing, d->tries);
		connecting_add_reason(doing, d->endpoint, &d->options, &d->last);
	}
}
