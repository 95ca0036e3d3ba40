// SPDX-License-Identifier: ISC
// The proxies of a netcat.
#include "base/value.h"
#include "compat/netcat.h"
#include "compat/proxy_words.h"
#include "io/secret.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

// Asks the terminal for the password of -P, unless the command line is only to be shown.
static int ask_password(const struct netcat_config *c, struct str *auth, struct str *err)
{
	struct secret password = {0};
	struct str object = {0};
	int r;

	if (strchr(c->proxy_user, ':'))
		return bad_value(err, "-P", c->proxy_user, "is no user of a proxy: it has a colon");
	str_addf(auth, "%s:", c->proxy_user);
	if (c->explain)
		return 0;
	str_addf(&object, "%s at %s", c->proxy_user, c->proxy);
	r = secret_read_password(&password, NULL, str_c(&object));
	str_fini(&object);
	if (r < 0) {
		str_add(err, r == -ENXIO ? "-P asks for the password at a terminal, and there is "
					   "none: NCAT_PROXY_AUTH may have USER:PASSWORD"
					 : "no password was given");
		return -EINVAL;
	}
	str_add(auth, password.data);
	secret_fini(&password);
	return 0;
}

// nc -x, which has its own words for what proxies speak, and lets them look names up but for
// SOCKS 4.
static int add_nc_proxy(const struct netcat_config *c, struct cmdline *out, struct str *err)
{
	const char *protocol = c->proxy_protocol ? c->proxy_protocol : "5";
	struct proxy_words p = {.address = c->proxy, .port = 1080, .auth = c->proxy_auth};
	struct str auth = {0};
	int r = 0;

	if (strcmp(protocol, "5") == 0)
		p.scheme = "socks5h";
	else if (strcmp(protocol, "4") == 0)
		p.scheme = "socks4";
	else if (strcmp(protocol, "connect") == 0)
		p.scheme = "http";
	else
		return bad_value(err, "-X", protocol, "is none of 4, 5, connect");
	if (strcmp(p.scheme, "http") == 0)
		p.port = 3128;
	if (!p.auth)
		p.auth = getenv("NCAT_PROXY_AUTH");
	if (!p.auth && c->proxy_user) {
		r = ask_password(c, &auth, err);
		p.auth = str_c(&auth);
	}
	if (r == 0)
		cmdline_add_proxy(out, &p);
	str_wipe(&auth);
	return r;
}

static int add_ncat_proxy(const struct netcat_config *c, struct cmdline *out, struct str *err)
{
	const char *type = c->proxy_type ? c->proxy_type : "http";
	bool is_local = c->proxy_dns &&
			(strcmp(c->proxy_dns, "local") == 0 || strcmp(c->proxy_dns, "none") == 0);
	struct proxy_words p = {.address = c->ncat_proxy, .port = 1080, .auth = c->proxy_auth};

	if (c->proxy_dns && !is_local && strcmp(c->proxy_dns, "remote") != 0 &&
		strcmp(c->proxy_dns, "both") != 0)
		return bad_value(
			err, "--proxy-dns", c->proxy_dns, "is none of local, remote, both, none");
	if (!p.auth)
		p.auth = getenv("NCAT_PROXY_AUTH");
	if (strcmp(type, "socks5") == 0)
		p.scheme = is_local ? "socks5" : "socks5h";
	else if (strcmp(type, "socks4") == 0)
		p.scheme = is_local ? "socks4" : "socks4a";
	else if (strcmp(type, "http") == 0)
		p.scheme = "http";
	else
		return bad_value(err, "--proxy-type", type, "is none of http, socks4, socks5");
	if (strcmp(p.scheme, "http") == 0)
		p.port = 3128;
	cmdline_add_proxy(out, &p);
	if (c->proxy_dns && strcmp(c->proxy_dns, "none") == 0)
		cmdline_add(out, "-n");
	return 0;
}

int netcat_add_proxy(const struct netcat_config *config, struct cmdline *out, struct str *err)
{
	const char *address = config->proxy ? config->proxy : config->ncat_proxy;

	if (config->proxy_user && !config->proxy) {
		str_add(err, "-P goes together with -x only");
		return -EINVAL;
	}

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
