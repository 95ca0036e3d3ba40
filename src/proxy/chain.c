// SPDX-License-Identifier: ISC
#include "proxy/chain.h"

#include "base/mem.h"
#include "base/value.h"
#include "proxy/bypass.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define OUR_PROXY "SOCKCTL_PROXY"
#define OUR_CREDENTIALS "SOCKCTL_PROXY_AUTH"

static int fail(struct str *err, const char *why)
{
	str_add(err, why);
	return -EINVAL;
}

// The port that the target has as a number; 0 for the name of a service.
static uint16_t port_of(const struct endpoint *target)
{
	uint64_t port;

	return target->service && parse_uint(target->service, &port) == 0 && port <= UINT16_MAX
		       ? (uint16_t)port
		       : 0;
}

void proxy_target_init(struct proxy_target *t, const struct endpoint *endpoint, uint16_t port)
{
	const char *host = endpoint->host ? endpoint->host : "localhost";

	*t = (struct proxy_target){.port = port};
	if (!numeric_address(host, port, &t->address))
		t->name = host;
}

enum dialogue_step proxy_hop_begin(struct proxy_hop *h, const struct proxy_target *target,
	struct str *notes, union proxy_dialogue *d)
{
	const struct credentials *c = &h->url.credentials;

	switch (h->url.scheme) {
	case PROXY_SOCKS4:
	case PROXY_SOCKS4A:
		return socks4_init(&d->socks, target, c, notes);
	case PROXY_SOCKS5:
	case PROXY_SOCKS5H:
		return socks5_init(&d->socks, target, c, notes);
	case PROXY_HTTP:
	case PROXY_HTTPS:
		break;
	}
	return http_connect_init(&d->http, target, c, &h->with_credentials, notes);
}

// Adds a hop for WORD, in which credentials are overwritten.
static int add_hop(
	struct proxy_chain *c, char *word, const struct proxy_settings *settings, struct str *err)
{
	struct proxy_hop *h;
	int r;

	if (c->count == CHAIN_MAX)
		return fail(err, "there are more than 8 proxies");
	c->hops = xrealloc(c->hops, (c->count + 1) * sizeof(*c->hops));
	h = &c->hops[c->count++];
	*h = (struct proxy_hop){0};
	r = proxy_url_parse(&h->url, word, err);
	proxy_url_wipe(word);
	if (r < 0)
		return r;
	h->asks_names = settings->dns ? strcmp(settings->dns, "remote") == 0
				      : proxy_scheme_asks_names(h->url.scheme);
	if (h->asks_names && h->url.scheme == PROXY_SOCKS4 && settings->dns)
		h->url.scheme = PROXY_SOCKS4A; // only that has names
	return 0;
}

// The value of a variable, the lower-case name of which wins; NULL if it is empty or not set.
static char *variable(const char *lower, const char *upper, const char **name)
{
	char *value = getenv(lower);

	*name = lower;
	if (!value) {
		value = getenv(upper);
		*name = upper;
	}
	return value && *value ? value : NULL;
}

// A variable is told, for the user may not know that it is set.
static int add_from_environment(struct proxy_chain *c, const char *name, char *value,
	const struct proxy_settings *settings, struct str *err)
{
	struct str why = {0};
	int r = add_hop(c, value, settings, &why);

	if (r < 0) {
		str_addf(err, "%s: ", name);
		str_add(err, str_c(&why));
	}
	str_fini(&why);
	if (c->count && credentials_given(&c->hops[0].url.credentials))
		unsetenv(name);
	return r;
}

static bool is_excepted(const struct endpoint *target)
{
	const char *name;
	const char *list = variable("no_proxy", "NO_PROXY", &name);

	return list && bypass_has(list, target->host ? target->host : "localhost", port_of(target));
}

static int init_from_all_proxy(struct proxy_chain *c, const struct proxy_settings *settings,
	const struct endpoint *target, struct str *err)
{
	const char *name;
	char *value = variable("all_proxy", "ALL_PROXY", &name);

	if (!value)
		c->why_direct = "ALL_PROXY is not set";
	else if (is_excepted(target))
		c->why_direct = "NO_PROXY excepts it";
	else
		return add_from_environment(c, name, value, settings, err);
	return 0;
}

// SOCKCTL_PROXY_AUTH belongs to SOCKCTL_PROXY alone. Whether it is used or not, nobody else sees
// it.
static int take_our_credentials(struct proxy_hop *h, struct str *err)
{
	char *value = getenv(OUR_CREDENTIALS);
	int r = 0;

	if (!value)
		return 0;
	if (h && !credentials_given(&h->url.credentials)) {
		r = credentials_parse(&h->url.credentials, value, strlen(value), err);
		if (r < 0)
			str_add(err, " (" OUR_CREDENTIALS ")");
	}
	explicit_bzero(value, strlen(value));
	unsetenv(OUR_CREDENTIALS);
	return r;
}

bool proxy_is_in_environment(void)
{
	const char *value = getenv(OUR_PROXY);

	return value && *value;
}

static int init_from_our_proxy(struct proxy_chain *c, const struct proxy_settings *settings,
	const struct endpoint *target, struct str *err)
{
	char *value = getenv(OUR_PROXY);
	int r = 0;

	if (!proxy_is_in_environment())
		return 0;
	if (target->kind != ENDPOINT_INET)
		c->why_direct = OUR_PROXY " is for TCP";
	else if (is_excepted(target))
		c->why_direct = "NO_PROXY excepts it";
	else
		r = add_from_environment(c, OUR_PROXY, value, settings, err);
	return r;
}

static int init_from_words(
	struct proxy_chain *c, const struct proxy_settings *settings, struct str *err)
{
	int r = 0;

	for (size_t i = 0; i < settings->count && r == 0; i++) {
		const char *word = settings->words[i];

		if (strcmp(word, "env") == 0 || strcmp(word, "none") == 0)
			r = bad_word(err, word, "stands for all of --proxy; give it alone");
		else
			r = add_hop(c, settings->words[i], settings, err);
	}
	// What follows a bad one is as secret.
	for (size_t i = 0; i < settings->count; i++)
		proxy_url_wipe(settings->words[i]);
	return r;
}

// Gives the last proxy that has no credentials those of the file.
static int load_credentials(struct proxy_chain *c, const char *path, struct str *err)
{
	struct str why = {0};
	int r = 0;

	for (size_t i = c->count; i-- > 0;) {
		if (credentials_given(&c->hops[i].url.credentials))
			continue;
		r = credentials_load(&c->hops[i].url.credentials, path, &why);
		break;
	}
	if (r < 0) {
		str_add_word(err, path, strlen(path));
		str_addf(err, ": %s", str_c(&why));
	}
	str_fini(&why);
	return r;
}

// Refuses what is known beforehand to be impossible: each proxy is asked for the next as it will
// be.
static int check_hops(struct proxy_chain *c, const struct endpoint *target, struct str *err)
{
	int r = 0;

	for (size_t i = 0; i < c->count && r == 0; i++) {
		const struct endpoint *next =
			i + 1 < c->count ? &c->hops[i + 1].url.endpoint : target;
		struct proxy_hop *h = &c->hops[i];
		struct proxy_target t;
		union proxy_dialogue d;

		if (next->kind != ENDPOINT_INET) {
			str_addf(err, "%s: no proxy leads to a Unix socket or a descriptor: ",
				h->url.name);
			return bad_word(err, next->name, "is no HOST and PORT");
		}
		proxy_target_init(&t, next, port_of(next));
		if (proxy_hop_begin(h, &t, NULL, &d) == DIALOGUE_FAILED) {
			str_addf(err, "%s: %s", h->url.name, str_c(&d.dialogue.failure.text));
			r = -EINVAL;
		}
		dialogue_fini(&d.dialogue);
	}
	return r;
}

int proxy_chain_init(struct proxy_chain *c, const struct proxy_settings *settings,
	const struct endpoint *target, struct str *err)
{
	const char *only = settings->count == 1 ? settings->words[0] : "";
	int auth;
	int r = 0;

	*c = (struct proxy_chain){0};
	if (!settings->count)
		r = init_from_our_proxy(c, settings, target, err);
	else if (strcmp(only, "env") == 0)
		r = init_from_all_proxy(c, settings, target, err);
	else if (strcmp(only, "none") != 0)
		r = init_from_words(c, settings, err);
	auth = take_our_credentials(r == 0 && !settings->count && c->count ? c->hops : NULL, err);
	r = r < 0 ? r : auth;
	if (r == 0 && settings->auth_file)
		r = load_credentials(c, settings->auth_file, err);
	if (r == 0)
		r = check_hops(c, target, err);
	return r;
}

void proxy_chain_fini(struct proxy_chain *c)
{
	for (size_t i = 0; i < c->count; i++)
		proxy_url_fini(&c->hops[i].url);
	free(c->hops);
	*c = (struct proxy_chain){0};
}
