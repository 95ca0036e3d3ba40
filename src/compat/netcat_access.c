// SPDX-License-Identifier: ISC
// The proxies of a netcat as URLs, and the lists of whom it serves.
#include "base/mem.h"
#include "base/value.h"
#include "compat/netcat.h"
#include "sys/path.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// Adds what may stand in a URL as it is, and the rest as %XX (RFC 3986 section 2.1).
static void add_encoded(struct str *s, const char *text)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
				    "-._~";

	for (const char *p = text; *p; p++)
		if (strchr(plain, *p))
			str_addc(s, *p);
		else
			str_addf(s, "%%%02X", (unsigned char)*p);
}

// "HOST", "HOST:PORT", "::1" or "[::1]:PORT" as a URL needs it.
static void add_address(struct str *s, const char *address, int default_port)
{
	const char *colon = strchr(address, ':');
	bool is_bare_ipv6 = address[0] != '[' && colon && strchr(colon + 1, ':');
	bool has_port = address[0] == '[' ? strstr(address, "]:") != NULL : colon && !is_bare_ipv6;

	str_addf(s, is_bare_ipv6 ? "[%s]" : "%s", address);
	if (!has_port)
		str_addf(s, ":%d", default_port);
}

struct proxy {
	const char *address, *scheme;
	int port;
	const char *auth; // USER:PASSWORD, or NULL
};

static void add_proxy(struct cmdline *out, const struct proxy *p)
{
	const char *colon = p->auth ? strchr(p->auth, ':') : NULL;
	struct str url = {0};
	struct str shown = {0};

	cmdline_add(out, "--proxy");
	str_addf(&url, "%s://", p->scheme);
	str_add(&shown, str_c(&url));
	if (p->auth) {
		char *user = xstrndup(p->auth, colon ? (size_t)(colon - p->auth) : strlen(p->auth));

		add_encoded(&shown, user);
		add_encoded(&url, user);
		free(user);
		str_add(&shown, ":PASSWORD@");
		str_addc(&url, ':');
		add_encoded(&url, colon ? colon + 1 : "");
		str_addc(&url, '@');
	}
	add_address(&url, p->address, p->port);
	add_address(&shown, p->address, p->port);
	if (p->auth)
		cmdline_add_secret(out, str_c(&url), str_c(&shown));
	else
		cmdline_add(out, str_c(&url));
	str_wipe(&url);
	str_fini(&shown);
}

// nc -x, which has its own words for what proxies speak, and lets them look names up but for
// SOCKS 4.
static int add_nc_proxy(const struct netcat_config *c, struct cmdline *out, struct str *err)
{
	const char *protocol = c->proxy_protocol ? c->proxy_protocol : "5";
	struct proxy p = {.address = c->proxy, .port = 1080, .auth = c->proxy_auth};

	if (strcmp(protocol, "5") == 0)
		p.scheme = "socks5h";
	else if (strcmp(protocol, "4") == 0)
		p.scheme = "socks4";
	else if (strcmp(protocol, "connect") == 0)
		p.scheme = "http";
	else
		return bad_word(err, protocol, "is none of 4, 5, connect");
	if (strcmp(p.scheme, "http") == 0)
		p.port = 3128;
	add_proxy(out, &p);
	return 0;
}

static int add_ncat_proxy(const struct netcat_config *c, struct cmdline *out, struct str *err)
{
	const char *type = c->proxy_type ? c->proxy_type : "http";
	bool is_local = c->proxy_dns &&
			(strcmp(c->proxy_dns, "local") == 0 || strcmp(c->proxy_dns, "none") == 0);
	struct proxy p = {.address = c->ncat_proxy, .port = 1080, .auth = c->proxy_auth};

	if (c->proxy_dns && !is_local && strcmp(c->proxy_dns, "remote") != 0 &&
		strcmp(c->proxy_dns, "both") != 0)
		return bad_word(err, c->proxy_dns, "is none of local, remote, both, none");
	if (!p.auth)
		p.auth = getenv("NCAT_PROXY_AUTH");
	if (strcmp(type, "socks5") == 0)
		p.scheme = is_local ? "socks5" : "socks5h";
	else if (strcmp(type, "socks4") == 0)
		p.scheme = is_local ? "socks4" : "socks4a";
	else if (strcmp(type, "http") == 0)
		p.scheme = "http";
	else
		return bad_word(err, type, "is none of http, socks4, socks5");
	if (strcmp(p.scheme, "http") == 0)
		p.port = 3128;
	add_proxy(out, &p);
	if (c->proxy_dns && strcmp(c->proxy_dns, "none") == 0)
		cmdline_add(out, "-n");
	return 0;
}

int netcat_add_proxy(const struct netcat_config *config, struct cmdline *out, struct str *err)
{
	const char *address = config->proxy ? config->proxy : config->ncat_proxy;

	// It may have a password, and would be shown as a host.
	if (address && strpbrk(address, "@/")) {
		str_add(err, "a proxy is HOST or HOST:PORT here; its type and USER:PASSWORD go to "
			     "options of their own");
		return -EINVAL;
	}
	if (config->proxy)
		return add_nc_proxy(config, out, err);
	return config->ncat_proxy ? add_ncat_proxy(config, out, err) : 0;
}

// "a,b" as two options.
static void add_list(struct cmdline *out, const char *option, const struct strlist *lists)
{
	for (size_t i = 0; i < lists->count; i++) {
		for (const char *p = lists->items[i]; *p;) {
			size_t len = strcspn(p, ", \t\r\n");

			if (len) {
				cmdline_add(out, option);
				cmdline_addf(out, "%.*s", (int)len, p);
			}
			p += len + (p[len] != '\0');
		}
	}
}

static int bad_file(const char *path, struct str *err)
{
	int error = errno;

	str_add_object(err, path);
	str_addf(err, ": %s", strerror(error));
	return -EINVAL;
}

// The lines of a file, without comments.
static int add_file(struct cmdline *out, const char *option, const char *path, struct str *err)
{
	FILE *file = path ? sys_fopen(path) : NULL;
	char *line = NULL;
	size_t size = 0;
	int r = 0;

	if (!path)
		return 0;
	if (!file)
		return bad_file(path, err);
	while (sys_getline(&line, &size, file) >= 0) {
		struct strlist list = {0};

		line[strcspn(line, "#")] = '\0';
		strlist_add(&list, line);
		add_list(out, option, &list);
		strlist_fini(&list);
	}
	if (ferror(file)) // a directory can be opened
		r = bad_file(path, err);
	free(line);
	sys_fclose(file);
	return r;
}

int netcat_add_access(const struct netcat_config *c, struct cmdline *out, struct str *err)
{
	int before = out->count;

	add_list(out, "--allow", &c->allow);
	if (add_file(out, "--allow", c->allow_file, err) < 0)
		return -EINVAL;
	if ((c->allow.count || c->allow_file) && out->count == before) {
		str_add(err, "--allow and --allowfile have no address: nobody would be served");
		return -EINVAL;
	}
	add_list(out, "--deny", &c->deny);
	return add_file(out, "--deny", c->deny_file, err);
}
