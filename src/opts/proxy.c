// SPDX-License-Identifier: ISC
#include "opts/proxy.h"

#include "base/mem.h"
#include "base/value.h"
#include "net/addr/ports.h"
#include "sys/process.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>

#define AT(field, type) OPT_AT(struct proxy_config, field, type)

const struct opt proxy_opts[] = {
	{"proxy", 'x', OPT_LIST, AT(proxies, struct strlist), "URL",
		"connect through this proxy; repeat for a chain"},
	{"proxy-auth-file", 0, OPT_STRING, AT(auth_file, const char *), "FILE",
		"read USER:PASSWORD for the proxy from FILE", .words = "file"},
	{"proxy-dns", 0, OPT_STRING, AT(dns, const char *), "local|remote",
		"look up names here, or let the proxy do it"},
	{0},
};

static const struct event ev_direct = {
	"direct", REPORT_VERBOSE, "{name}: no proxy is used: {reason}"};
static const struct event ev_proxy = {
	"proxy", REPORT_VERBOSE, "through {proxy} ({scheme}; {names} looks up names)"};
static const struct event ev_dialogue = {"proxy-dialogue", REPORT_DEBUG, "{proxy} {step}"};

int proxy_check(const struct proxy_config *c, struct str *err)
{
	if (c->dns && strcmp(c->dns, "local") != 0 && strcmp(c->dns, "remote") != 0) {
		str_add(err, "--proxy-dns: ");
		return bad_word(err, c->dns, "is neither local nor remote");
	}
	return 0;
}

static void on_note(void *data, const struct proxy_step *s, const char *line)
{
	struct app *app = data;

	report(&app->out, &ev_dialogue, F_STR("proxy", s->hop->url.name), F_STR("step", line));
}

static bool has_credentials(const struct proxy_chain *c)
{
	for (size_t i = 0; i < c->count; i++)
		if (credentials_given(&c->hops[i].url.credentials))
			return true;
	return false;
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
	size_t n = p->chain.count;

	if (!n)
		return;
	options->target = target;
	for (size_t i = 0; i < p->chain.count; i++) {
		way->steps[i] = (struct proxy_step){.loop = &p->app->loop,
			.hop = &p->chain.hops[i],
			.to = behind(p, i, target),
			.numeric = p->numeric,
			.note = report_wants(&p->app->out, &ev_dialogue) ? on_note : NULL,
			.data = p->app};
		way->upgrades[i] = (struct upgrade){&proxy_upgrade, &way->steps[i]};
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

int proxying_init(struct proxying *p, struct app *app, const struct proxy_config *c,
	const struct endpoint *target, bool numeric)
{
	// The words are those of argv, in which credentials are overwritten.
	const struct proxy_settings settings = {.words = (char *const *)c->proxies.items,
		.count = c->proxies.count,
		.auth_file = c->auth_file,
		.dns = c->dns};
	struct str err = {0};
	int r;

	*p = (struct proxying){.app = app, .target = target, .numeric = numeric};
	r = proxy_chain_init(&p->chain, &settings, target, &err);
	for (size_t i = 0; i < p->chain.count && r == 0; i++) {
		if (p->chain.hops[i].url.scheme != PROXY_HTTPS)
			continue;
		str_addf(&err, "%s: TLS to a proxy is not known here", p->chain.hops[i].url.name);
		r = -EINVAL;
	}
	if (r < 0)
		app_failf(app, r == -EINVAL ? STATUS_USAGE : STATUS_LOCAL, NULL, "%s", str_c(&err));
	str_fini(&err);
	if (r < 0)
		return app->status;
	// A core dump would hold them, and so would what a debugger of the same user reads.
	if (has_credentials(&p->chain))
		sys_prctl(PR_SET_DUMPABLE, 0);
	if (p->chain.why_direct)
		report(&app->out, &ev_direct, F_STR("name", target->name),
			F_STR("reason", p->chain.why_direct));
	list_proxies(p);
	return 0;
}

void proxying_fini(struct proxying *p)
{
	proxy_chain_fini(&p->chain);
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
			F_STR("names", h->asks_names ? "the proxy" : "this machine"));
	}
}
