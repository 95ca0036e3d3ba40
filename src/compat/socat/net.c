// SPDX-License-Identifier: ISC
// The sockets of socat: their endpoints, families and options, TLS and proxies.
#include "base/mem.h"
#include "base/value.h"
#include "compat/proxy_words.h"
#include "compat/socat/planning.h"
#include "compat/socat/search.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

// HOST without the brackets of an IPv6 address.
static void add_host(struct str *s, const char *host)
{
	size_t len = strlen(host);

	if (len > 2 && host[0] == '[' && host[len - 1] == ']')
		str_addn(s, host + 1, len - 2);
	else
		str_add(s, host);
}

// What is no address and no name, and would be an option of ours.
static void check_name(struct planning *p, const char *word, const char *what)
{
	if (word[0] != '-' || plan_has_failed(p))
		return;
	bad_word(p->err, word, "is no ");
	str_add(p->err, what);
}

static bool is_ipv4(const char *host)
{
	struct in_addr a;

	return inet_pton(AF_INET, host, &a) == 1;
}

static bool is_ipv6(const char *host)
{
	return strchr(host, ':') != NULL;
}

static bool is_numeric(const char *host)
{
	return is_ipv4(host) || is_ipv6(host);
}

static int family_of_word(struct planning *p, struct socat_address *a)
{
	const char *pf = plan_value(p, a, "protocol-family");

	if (!pf)
		return a->type->detail & SOCAT_FAMILY;
	if (socat_is_among("ip4 ipv4 inet 2", pf))
		return 4;
	if (socat_is_among("ip6 ipv6 inet6 10", pf))
		return 6;
	plan_refuse_option(p, a, "pf", "its value is ip4 or ip6");
	return 0;
}

// What listens on IPv6 gets IPv4 as well, unless it is told not to.
static int family_of(struct planning *p, struct socat_address *a)
{
	int family = is_unix(a) ? 0 : family_of_word(p, a);
	bool listens = a->type->role & (SOCAT_SERVE | SOCAT_RECEIVE);

	if (!listens || is_unix(a))
		return family;
	if (!family && p->config->ipv4)
		family = 4;
	if (family != 6)
		return family;
	return plan_flag(p, a, "ipv6only") ? 6 : 0;
}

void plan_family(struct planning *p)
{
	int family = family_of(p, p->net);

	plan_add_if(p, family == 4, "-4");
	plan_add_if(p, family == 6, "-6");
}

static void add_setting(struct planning *p, const struct socat_given *given)
{
	const char *name = given->option->setting;

	plan_add(p, "--set");
	if (given->value)
		cmdline_addf(p->out, "%s=%s", name, given->value);
	else
		plan_add(p, name);
}

void plan_settings(struct planning *p)
{
	struct socat_address *a = p->net;

	for (int i = 0; i < a->option_count; i++) {
		struct socat_given *given = &a->options[i];
		bool is_vain = given->option->vain & a->type->role && is_turned_on(given);

		if (!given->option->setting || is_vain)
			continue;
		if (is_unix(a) && strncmp(given->option->setting, "SO_", 3) != 0)
			continue;
		given->is_taken = true;
		add_setting(p, given);
	}
}

// GROUP, or GROUP:INTERFACE, of which the original also takes an address.
void plan_group(struct planning *p)
{
	const char *group = plan_value(p, p->net, "ip-add-membership");
	const char *close = group ? strchr(group, ']') : NULL;
	const char *colon = group ? strchr(close ? close : group, ':') : NULL;
	struct str word = {0};
	struct str name = {0};

	if (!group)
		return;
	str_addn(&name, group, colon ? (size_t)(colon - group) : strlen(group));
	add_host(&word, str_c(&name));
	if (colon)
		str_addf(&word, "%%%s", colon + 1);
	if (colon && is_ipv4(colon + 1))
		plan_refuse_option(p, p->net, "ip-add-membership", "name the interface");
	cmdline_add_pair(p->out, "--join", str_c(&word));
	str_fini(&name);
	str_fini(&word);
}

// "TLS1.2" as "1.2".
static const char *tls_version(const char *word)
{
	return word && strncasecmp(word, "TLS", 3) == 0 ? word + 3 + (word[3] == 'v') : word;
}

static void add_tls_common(struct planning *p, struct socat_address *a)
{
	const char *ciphers = plan_value(p, a, "cipherlist");

	plan_add_pair_if(p, "--tls-min", tls_version(plan_value(p, a, "min-proto-version")));
	plan_add_pair_if(p, "--tls-max", tls_version(plan_value(p, a, "max-proto-version")));
	if (ciphers) {
		plan_add(p, "--tls-set");
		cmdline_addf(p->out, "CipherString=%s", ciphers);
	}
}

// Verifying is on unless it is turned off.
static bool verifies(struct planning *p, struct socat_address *a)
{
	bool is_said = false;

	for (int i = 0; i < a->option_count; i++)
		is_said |= strcmp(a->options[i].option->name, "verify") == 0;
	return !is_said || plan_flag(p, a, "verify");
}

static const char *authorities(struct planning *p, struct socat_address *a)
{
	const char *file = plan_value(p, a, "cafile");
	const char *folder = plan_value(p, a, "capath");

	if (file && folder)
		plan_refuse_option(p, a, "capath", "say cafile= or capath=");
	return file ? file : folder;
}

static void add_tls_names(struct planning *p, struct socat_address *a)
{
	const char *name = plan_value(p, a, "commonname");
	const char *sni = plan_value(p, a, "snihost");

	if (name && !*name)
		plan_refuse_option(p, a, "commonname",
			"the name of the server is verified with its certificate; verify=0 "
			"verifies neither");
	if (sni && strcmp(sni, name ? name : a->params[0]) != 0)
		plan_refuse_option(p, a, "snihost",
			"the name that is asked for is the one that is verified; commonname= "
			"says both");
	plan_add_pair_if(p, "--server-name", name);
}

// For a target of --forward, where --cert is about clients.
static void add_certificate(struct planning *p, struct socat_address *a)
{
	bool is_target = a != p->net && p->net->type->role == SOCAT_SERVE;

	plan_add_pair_if(
		p, is_target ? "--forward-cert" : "--cert", plan_value(p, a, "certificate"));
	plan_add_pair_if(p, is_target ? "--forward-key" : "--key", plan_value(p, a, "key"));
}

void plan_tls_client(struct planning *p, struct socat_address *a)
{
	if (a->type->net != SOCAT_TLS)
		return;
	plan_add_pair_if(p, "--ca", authorities(p, a));
	plan_add_if(p, !verifies(p, a), "--insecure");
	add_tls_names(p, a);
	add_certificate(p, a);
	if (a == p->net)
		add_tls_common(p, a);
}

void plan_tls_server(struct planning *p)
{
	struct socat_address *a = p->net;
	const char *name;

	if (a->type->net != SOCAT_TLS)
		return;
	const char *trusted = authorities(p, a);

	plan_add(p, "--tls");
	plan_add_pair_if(p, "--cert", plan_value(p, a, "certificate"));
	plan_add_pair_if(p, "--key", plan_value(p, a, "key"));
	if (verifies(p, a)) {
		if (!trusted)
			plan_refuse_option(p, a, "verify",
				"clients are asked for certificates: cafile= says of whom, or "
				"verify=0 asks for none");
		plan_add_pair_if(p, "--client-ca", trusted);
		name = plan_value(p, a, "commonname");
		for (int i = 0; name && *name && i < 2; i++) {
			plan_add(p, "--allow-name");
			cmdline_addf(p->out, "%s:%s", i ? "DNS" : "CN", name);
		}
	}
	add_tls_common(p, a);
}

static bool is_proxied(const struct socat_address *a)
{
	return a->type->net >= SOCAT_HTTP && a->type->net <= SOCAT_SOCKS5;
}

static int port_of(struct planning *p, const char *word, int usual)
{
	uint64_t port = (uint64_t)usual;

	if (word && (parse_uint(word, &port) < 0 || port > UINT16_MAX) && !plan_has_failed(p))
		bad_word(p->err, word, "is no port of a proxy");
	return (int)port;
}

void plan_proxy(struct planning *p, struct socat_address *a)
{
	static const char *const schemes[] = {
		[SOCAT_HTTP] = "http",
		[SOCAT_SOCKS4] = "socks4",
		[SOCAT_SOCKS4A] = "socks4a",
		[SOCAT_SOCKS5] = "socks5h",
	};
	bool is_http = a->type->net == SOCAT_HTTP;
	struct proxy_words words;

	if (!is_proxied(a))
		return;
	words.address = a->params[0];
	words.scheme = schemes[a->type->net];
	words.auth = plan_value(p, a, is_http ? "proxyauth" : "socksuser");
	words.port = a->param_count == 4
			     ? port_of(p, a->params[1], 0)
			     : port_of(p, plan_value(p, a, is_http ? "proxyport" : "socksport"),
				       is_http ? 8080 : 1080);
	check_name(p, words.address, "name or address of a proxy");
	if (strpbrk(words.address, "@/"))
		plan_refuse(p, "a proxy is named by its host alone");
	cmdline_add_proxy(p->out, &words);
	if (!is_http)
		return;
	plan_add_pair_if(p, "--proxy-auth-file", plan_value(p, a, "proxyauthfile"));
	if (plan_flag(p, a, "resolve"))
		cmdline_add_pair(p->out, "--proxy-dns", "local");
}

// A path that can be nothing else stands by itself.
static void add_unix(struct str *s, const struct socat_address *a)
{
	const char *path = a->params[0];
	bool is_plain = path[0] == '/' || strncmp(path, "./", 2) == 0;

	if (a->type->detail & SOCAT_ABSTRACT)
		str_addf(s, "unix:@%s", path);
	else
		str_addf(s, "%s%s%s", is_plain ? "" : "unix:", path[0] == '@' ? "./" : "", path);
}

static const char *host_of(const struct socat_address *a)
{
	return a->params[a->param_count - 2];
}

static const char *port_word(const struct socat_address *a)
{
	return a->params[a->param_count - 1];
}

// "HOST:PORT", "[IPV6]:PORT"
static void add_target(struct planning *p, struct str *s, const struct socat_address *a)
{
	struct str host = {0};

	add_host(&host, host_of(a));
	str_addf(s, is_ipv6(str_c(&host)) ? "[%s]:%s" : "%s:%s", str_c(&host), port_word(a));
	check_name(p, str_c(&host), "host name or address");
	str_fini(&host);
}

static void add_dialled(struct planning *p, const struct socat_address *a)
{
	struct str word = {0};

	if (a->type->net == SOCAT_TLS) {
		str_add(&word, "tls:");
		add_target(p, &word, a);
		plan_add(p, str_c(&word));
	} else {
		add_host(&word, host_of(a));
		check_name(p, str_c(&word), "host name or address");
		check_name(p, port_word(a), "port");
		cmdline_add_pair(p->out, str_c(&word), port_word(a));
	}
	str_fini(&word);
}

static void add_listened(struct planning *p, struct socat_address *a)
{
	const char *bind = plan_value(p, a, "bind");
	struct str host = {0};

	if (bind) {
		add_host(&host, bind);
		check_name(p, str_c(&host), "address");
		plan_add(p, str_c(&host));
	}
	check_name(p, port_word(a), "port");
	plan_add(p, port_word(a));
	str_fini(&host);
}

void plan_endpoint(struct planning *p)
{
	struct socat_address *a = p->net;
	struct str word = {0};

	if (is_unix(a)) {
		add_unix(&word, a);
		plan_add(p, str_c(&word));
	} else if (a->type->role == SOCAT_DIAL) {
		add_dialled(p, a);
	} else {
		add_listened(p, a);
	}
	str_fini(&word);
}

// The family of a target is that of its address.
static void check_target_family(struct planning *p, struct socat_address *a)
{
	int family = is_unix(a) ? 0 : family_of_word(p, a);
	struct str host = {0};

	if (!family)
		return;
	add_host(&host, host_of(a));
	if (strcmp(str_c(&host), "localhost") == 0) {
		free(a->params[a->param_count - 2]);
		a->params[a->param_count - 2] = xstrdup(family == 4 ? "127.0.0.1" : "[::1]");
	} else if (!is_numeric(str_c(&host))) {
		plan_refuse(p, "the target of a server is reached by IPv4 or by IPv6, as its name "
			       "has it; write its address, or TCP and UDP without a number");
	}
	str_fini(&host);
}

void plan_forward(struct planning *p)
{
	struct socat_address *a = &p->local->read;
	bool is_other_kind = is_datagram(a) != is_datagram(p->net);
	bool serves = p->net->type->role == SOCAT_SERVE;
	struct str word = {0};

	check_target_family(p, a);
	if (serves)
		plan_add_pair_if(p, "--connect-timeout", plan_value(p, a, "connect-timeout"));
	if (is_proxied(a) && !serves)
		plan_refuse(p, "one of two connections can go through a proxy");
	if (a->type->net == SOCAT_TLS && p->net->type->net == SOCAT_TLS && !serves)
		plan_refuse(p, "one of two connections that are made can have TLS of its own");
	plan_proxy(p, a);
	plan_tls_client(p, a);
	if (is_other_kind)
		str_add(&word, is_datagram(a) ? "udp:" : "tcp:");
	if (is_unix(a)) {
		add_unix(&word, a);
	} else {
		if (a->type->net == SOCAT_TLS)
			str_add(&word, "tls:");
		add_target(p, &word, a);
	}
	cmdline_add_pair(p->out, "--forward", str_c(&word));
	str_fini(&word);
}
