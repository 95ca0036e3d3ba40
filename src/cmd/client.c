// SPDX-License-Identifier: ISC
#include "cmd/client.h"

#include "base/value.h"

#include <errno.h>
#include <inttypes.h>
#include <net/if.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>

#define DAY_MS (24 * 3600 * 1000ull)
#define AT(field, type) OPT_AT(struct client_config, field, type)

const struct opt client_opts[] = {
	{"ipv4", '4', OPT_FLAG, AT(ipv4, bool), NULL, "use IPv4 only"},
	{"ipv6", '6', OPT_FLAG, AT(ipv6, bool), NULL, "use IPv6 only"},
	{"numeric", 'n', OPT_FLAG, AT(numeric, bool), NULL, "never look up a host name"},
	{"bind", 's', OPT_STRING, AT(bind, const char *), "ADDRESS[:PORT]",
		"connect from this address of ours", .words = "address"},
	{"source-port", 'p', OPT_UINT, AT(source_port, uint64_t), "PORT",
		"connect from this port of ours", .min = 1, .max = 65535},
	{"interface", 0, OPT_STRING, AT(interface, const char *), "NAME",
		"connect through this network interface", .words = "interface"},
	{"connect-timeout", 0, OPT_DURATION, AT(connect_timeout_ms, uint64_t), "TIME",
		"give up a try after TIME without a connection", .min = 1, .max = 365 * DAY_MS},
	{"retry", 0, OPT_STRING, AT(retry, const char *), "N",
		"try again until it works, or N times", .implied = ""},
	{"retry-delay", 0, OPT_DURATION, AT(retry_delay_ms, uint64_t), "TIME",
		"wait TIME between tries (250ms)", .max = 365 * DAY_MS},
	{0},
};

static const struct event ev_retry = {
	"retry", REPORT_VERBOSE, "{name}: {reason}; trying again in {delay}"};

static int bad(struct str *err, const char *option, const char *word, const char *why)
{
	str_addf(err, "%s: '", option);
	str_add_escaped(err, word, strlen(word));
	str_addf(err, "' %s", why);
	return -EINVAL;
}

static int check_bind(struct client_config *c, struct str *err)
{
	char *argv[] = {(char *)c->bind, NULL};
	struct place p = {0};
	struct str ignored = {0};
	int r = 0;

	if (numeric_address(c->bind, 0, &c->bind_address))
		return 0;
	if (place_parse(&p, PLACE_LISTEN, 1, argv, &ignored) < 0 || p.kind != PLACE_INET ||
		!p.host || !is_port_number(p.service, 0) ||
		!numeric_address(p.host, (unsigned)strtoul(p.service, NULL, 10), &c->bind_address))
		r = bad(err, "--bind", c->bind, "is no numeric ADDRESS or ADDRESS:PORT");
	else if (c->source_port && sockaddr_port(&c->bind_address))
		r = bad(err, "--bind", c->bind, "names a port, and --source-port another");
	place_fini(&p);
	str_fini(&ignored);
	return r;
}

int client_check(struct client_config *c, struct str *err)
{
	int r = 0;

	if (c->bind)
		r = check_bind(c, err);
	if (r == 0 && c->retry && !*c->retry)
		c->retries = DIAL_RETRY_FOREVER;
	else if (r == 0 && c->retry && (parse_uint(c->retry, &c->retries) < 0 || !c->retries))
		r = bad(err, "--retry", c->retry, "is no number of tries");
	if (r == 0 && c->interface && (!*c->interface || strlen(c->interface) >= IF_NAMESIZE))
		r = bad(err, "--interface", c->interface, "is no name of a network interface");
	return r;
}

void client_options(const struct client_config *c, struct dial_options *o)
{
	*o = (struct dial_options){
		.family = c->ipv4   ? AF_INET
			  : c->ipv6 ? AF_INET6
				    : AF_UNSPEC,
		.numeric = c->numeric,
		.bind = c->bind_address,
		.interface = c->interface,
		.connect_timeout_ms = c->connect_timeout_ms,
		.retries = c->retries,
		.retry_delay_ms = c->retry_delay_ms,
	};
	if (!c->source_port)
		return;
	if (!o->bind.len) { // any address: the family of each attempt counts
		o->bind.in.sin_family = AF_INET;
		o->bind.len = sizeof(o->bind.in);
	}
	sockaddr_set_port(&o->bind, (uint16_t)c->source_port);
}

static int status_of(enum dial_failure failure)
{
	static const int statuses[] = {
		[DIAL_OK] = STATUS_OK,
		[DIAL_NOT_FOUND] = STATUS_NOT_FOUND,
		[DIAL_NAME_SERVICE] = STATUS_NAME_SERVICE,
		[DIAL_REFUSED] = STATUS_CONNECT,
		[DIAL_TIMEOUT] = STATUS_TIMEOUT,
		[DIAL_LOCAL] = STATUS_LOCAL,
	};

	return statuses[failure];
}

// What is said about a step that failed before the connection was even tried.
static void add_step(struct str *s, const struct dial *d, const struct dial_attempt *a)
{
	if (strcmp(a->step, "bind") == 0) {
		str_add(s, "from ");
		str_add_sockaddr(s, &d->options.bind.sa, d->options.bind.len);
		if (a->error == -EACCES)
			str_add(s, ", a port that takes privilege (CAP_NET_BIND_SERVICE)");
		str_add(s, ": ");
	} else if (strcmp(a->step, "interface") == 0) {
		str_addf(s, "through %s: ", d->options.interface);
	}
}

static void add_attempt(struct str *s, const struct dial *d, const struct dial_attempt *a)
{
	add_step(s, d, a);
	str_addf(s, "%s (%s)", strerror(-a->error), strerrorname_np(-a->error));
}

static void add_lookup_failure(struct str *s, const struct dial *d)
{
	if (d->failure == DIAL_NAME_SERVICE && d->error)
		str_addf(s, "%s (%s)", strerror(-d->error), strerrorname_np(-d->error));
	else if (d->code == EAI_SERVICE)
		str_addf(s, "no such service: %s", d->place->service);
	else
		str_add(s, gai_strerror(d->code));
}

static void add_reason(struct str *s, const struct dial *d)
{
	if (d->failure == DIAL_NOT_FOUND || d->failure == DIAL_NAME_SERVICE)
		add_lookup_failure(s, d);
	else if (d->failure == DIAL_TIMEOUT)
		str_add(s, "no connection in time");
	else if (d->attempt_count)
		add_attempt(s, d, &d->attempts[d->attempt_count - 1]);
	else
		str_addf(s, "%s (%s)", strerror(-d->error), strerrorname_np(-d->error));
}

// Every address and what it met, in the order of the attempts.
static void report_attempts(struct app *app, const struct dial *d, int status)
{
	for (size_t i = 0; i < d->attempt_count; i++) {
		const struct dial_attempt *a = &d->attempts[i];
		struct str address = {0};
		struct str step = {0};

		str_add_sockaddr(&address, &a->address.sa, a->address.len);
		add_step(&step, d, a);
		str_add(&step, strerror(-a->error));
		report_error(&app->out, status, str_c(&address), str_c(&step), a->error);
		str_fini(&address);
		str_fini(&step);
	}
}

void client_report(struct app *app, const struct dial *d)
{
	int status = status_of(d->failure);
	struct str reason = {0};

	app_fail_quietly(app, status);
	if (d->attempt_count && (d->failure == DIAL_REFUSED || d->failure == DIAL_LOCAL)) {
		report_attempts(app, d, status);
		return;
	}
	add_reason(&reason, d);
	report_error(&app->out, status, d->place->name, str_c(&reason), 0);
	str_fini(&reason);
}

void client_report_retry(struct app *app, const struct dial *d)
{
	struct str reason = {0};

	add_reason(&reason, d);
	report(&app->out, &ev_retry, F_STR("name", d->place->name), F_UINT("try", d->tries),
		F_STR("reason", str_c(&reason)),
		F_SECONDS("delay", d->options.retry_delay_ms * 1000000));
	str_fini(&reason);
}

void client_add_doing(const struct dial *d, struct str *doing)
{
	str_add(doing, d->lookup ? "looking up " : "connecting to ");
	str_add_escaped(doing, d->place->name, strlen(d->place->name));
	if (d->tries) {
		str_addf(doing, "; try %" PRIu64 " met: ", d->tries);
		add_reason(doing, d);
	}
}
