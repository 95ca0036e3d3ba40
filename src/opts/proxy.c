// SPDX-License-Identifier: ISC
#include "opts/proxy.h"

#include "base/mem.h"
#include "base/value.h"
#include "net/addr/ports.h"
#include "opts/connecting.h"
#include "opts/tls/tls.h"
#include "sys/process.h"
#include "tls/name.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>

#define SHUTDOWN_DELAY_MS 2000

#define AT(field, type) OPT_AT(struct proxy_config, field, type)

const struct opt proxy_opts[] = {
	{"proxy", 'x', OPT_LIST, AT(proxies, struct strlist), "URL",
		"connect through the proxy at URL; repeat for a chain", .is_everyday = true,
		.not_with = "udp"},
	{"proxy-auth-file", 0, OPT_STRING, AT(auth_file, const char *), "FILE",
		"read USER:PASSWORD for the proxy from FILE", .words = "file",
		.only_with = "proxy"},
	{"proxy-dns", 0, OPT_STRING, AT(dns, const char *), "local|remote",
		"where host names are looked up: on this host or by the proxy",
		.only_with = "proxy"},
	{"proxy-ca", 0, OPT_LIST, AT(ca, struct strlist), "FILE",
		"CA certificates for https proxies instead of the system's", .words = "file"},
	{"proxy-insecure", 0, OPT_FLAG, AT(insecure, bool), "",
		"accept any certificate of an https proxy, with a warning"},
	{""},
};

int proxy_check(const struct proxy_config *c, struct str *err)
{
	if (c->dns && strcmp(c->dns, "local") != 0 && strcmp(c->dns, "remote") != 0)
		return bad_value(err, "--proxy-dns", c->dns, "is neither local nor remote");
	return 0;
}

void proxy_config_fini(struct proxy_config *c)
{
	strlist_fini(&c->proxies);
	strlist_fini(&c->ca);
}

static void on_note(void *data, const struct proxy_step *s, const char *line)
{
	struct app *app = data;

	report(&app->out, &ev_proxy_dialogue, F_STR("proxy", s->hop->url.name),
		F_STR("step", line));
}

static bool has_credentials(const struct proxy_chain *c)
{
	for (size_t i = 0; i < c->count; i++)
		if (credentials_given(&c->hops[i].url.credentials))
			return true;
	return false;
}

static bool is_secured(const struct proxy_hop *h)
{
	return h->url.scheme == PROXY_HTTPS;
}

uint64_t proxying_shutdown_delay(const struct proxying *p, bool has_tls)
{
	return proxying_is_wanted(p) && !has_tls ? SHUTDOWN_DELAY_MS : 0;
}

bool proxying_has_tls(const struct proxying *p)
{
	return p->tls;
}

// What the proxy at INDEX leads to.
static const struct endpoint *behind(
	const struct proxying *p, size_t index, const struct endpoint *target)
{
	return index + 1 < p->chain.count ? &p->chain.hops[index + 1].url.endpoint : target;
}

void proxying_plan(struct proxying *p, const struct endpoint *target, struct proxy_way *way,
	struct dial_options *options)
{
	size_t n = 0;

	if (!p->chain.count)
		return;
	options->target = target;
	for (size_t i = 0; i < p->chain.count; i++) {
		way->steps[i] = (struct proxy_step){.loop = &p->app->loop,
			.hop = &p->chain.hops[i],
			.to = behind(p, i, target),
			.numeric = p->numeric,
			.note = report_wants(&p->app->out, &ev_proxy_dialogue) ? on_note : NULL,
			.data = p->app};
		if (is_secured(&p->chain.hops[i]))
			way->upgrades[n++] = (struct upgrade){&tls_upgrade, &p->secured[i].plan};
		way->upgrades[n++] = (struct upgrade){&proxy_upgrade, &way->steps[i]};
	}
	for (size_t i = 0; i < options->upgrade_count; i++)
		way->upgrades[n++] = options->upgrades[i];
	options->upgrades = way->upgrades;
	options->upgrade_count = n;
}

bool proxying_asks_names(const struct proxying *p)
{
	if (endpoint_has_host_name(proxying_endpoint(p)))
		return true;
	for (size_t i = 0; i < p->chain.count; i++) {
		const struct endpoint *to = behind(p, i, p->target);

		if (!is_port_number(to->service, 0) ||
			(!p->chain.hops[i].asks_names && endpoint_has_host_name(to)))
			return true;
	}
	return false;
}

static void list_proxies(struct proxying *p)
{
	p->via = xcalloc(p->chain.count + 1, sizeof(*p->via));
	for (size_t i = 0; i < p->chain.count; i++)
		p->via[i] = p->chain.hops[i].url.name;
}

// A handshake with a proxy has ended.
static void on_handshake(void *data, const struct tls *t, bool is_good)
{
	const struct secured_proxy *s = data;

	if (is_good)
		tls_report_proxy(s->app, s->plan.proxy, t);
}

// Says for each https proxy whom its certificate must be for. Returns 0, or -EINVAL with the reason
// in ERR.
static int plan_tls(struct proxying *p, const struct proxy_config *c, struct str *err)
{
	bool is_wanted = false;

	for (size_t i = 0; i < p->chain.count; i++) {
		const struct proxy_url *u = &p->chain.hops[i].url;
		const char *name = u->endpoint.kind == ENDPOINT_INET ? u->endpoint.host : NULL;
		const char *fault = name ? tls_name_fault(name) : NULL;

		if (!is_secured(&p->chain.hops[i]))
			continue;
		is_wanted = true;
		if (!name && !c->insecure)
			fault = "has no name that TLS could verify: --proxy-insecure does without";
		if (fault)
			return bad_word(err, u->name, fault);
		p->secured[i].app = p->app;
		p->secured[i].plan = (struct tls_plan){.name = name,
			.place = TLS_WITH_PROXY | (i ? TLS_THROUGH_PROXY : 0),
			.proxy = u->name,
			.told = on_handshake,
			.data = &p->secured[i]};
	}
	if (!is_wanted && p->chain.count && (c->ca.count || c->insecure)) {
		str_addf(err, "%s is for https:// proxies, and there is none",
			c->insecure ? "--proxy-insecure" : "--proxy-ca");
		return -EINVAL;
	}
	return 0;
}

// Returns 0, or the status after a message.
static int open_tls(struct proxying *p, const struct proxy_config *c, bool is_confined)
{
	struct tls_config config = TLS_DEFAULTS;
	int status = 0;

	config.ca = c->ca;
	config.insecure = c->insecure;
	config.alpn = "http/1.1"; // CONNECT is spoken in no other
	config.is_of_proxy = true;
	for (size_t i = 0; i < p->chain.count && !status; i++) {
		if (!is_secured(&p->chain.hops[i]))
			continue;
		if (!p->tls)
			status = tls_config_open(p->app, &config, is_confined, &p->tls);
		p->secured[i].plan.context = &p->tls;
	}
	return status;
}

void proxying_report_unused(struct app *app, const char *object)
{
	if (proxy_is_in_environment())
		report(&app->out, &ev_direct, F_STR("target", object),
			F_STR("reason",
				"SOCKCTL_PROXY is for streams of connect and listen --forward"));
}

// A proxy is told the number of the port, which would be looked up once there is a connection to
// it. Returns 0, or the status after a message.
static int check_service(const struct proxying *p)
{
	struct str ignored = {0};
	bool is_one = p->chain.count && p->target->kind == ENDPOINT_INET &&
		      check_port(p->target->service, 1, &ignored) == 0; // and no list of ports

	str_fini(&ignored);
	return is_one ? connecting_check_service(p->app, p->target, false) : 0;
}

int proxying_init(struct proxying *p, struct app *app, const struct proxy_config *c,
	const struct endpoint *target, bool numeric, bool is_confined)
{
	// The words are those of argv, in which credentials are overwritten.
	const struct proxy_settings settings = {.words = (char *const *)c->proxies.items,
		.count = c->proxies.count,
		.auth_file = c->auth_file,
		.dns = c->dns};
	struct str err = {0};
	int r;

	*p = (struct proxying){.app = app, .target = target, .numeric = numeric};
	if (c->is_for_datagrams) {
		proxying_report_unused(app, target->name);
		return 0;
	}
	r = proxy_chain_init(&p->chain, &settings, target, &err);
	if (r == 0)
		r = plan_tls(p, c, &err);
	if (r < 0)
		app_failf(app, r == -EINVAL ? STATUS_USAGE : STATUS_LOCAL, NULL, "%s", str_c(&err));
	str_fini(&err);
	if (r < 0)
		return app->status;
	// A core dump would hold them, and so would what a debugger of the same user reads.
	if (has_credentials(&p->chain))
		sys_prctl(PR_SET_DUMPABLE, 0);
	if (p->chain.why_direct)
		report(&app->out, &ev_direct, F_STR("target", target->name),
			F_STR("reason", p->chain.why_direct));
	list_proxies(p);
	r = check_service(p);
	return r ? r : open_tls(p, c, is_confined);
}

void proxying_fini(struct proxying *p)
{
	proxy_chain_fini(&p->chain);
	tls_context_destroy(p->tls);
	p->tls = NULL;
	free(p->via);
	p->via = NULL;
}

const struct endpoint *proxying_endpoint(const struct proxying *p)
{
	return p->chain.count ? &p->chain.hops[0].url.endpoint : p->target;
}

void proxying_report(const struct proxying *p)
{
	for (size_t i = 0; i < p->chain.count; i++) {
		const struct proxy_hop *h = &p->chain.hops[i];

		report(&p->app->out, &ev_proxy, F_STR("proxy", h->url.name),
			F_STR("scheme", proxy_scheme_name(h->url.scheme)),
			F_STR("resolver", h->asks_names ? "the proxy" : "this machine"));
	}
}
