// SPDX-License-Identifier: ISC
#include "compat/proxy_words.h"

#include "base/mem.h"

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

void cmdline_add_proxy(struct cmdline *out, const struct proxy_words *p)
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
		str_add(&shown, colon ? ":PASSWORD@" : "@");
		if (colon)
			str_addc(&url, ':');
		add_encoded(&url, colon ? colon + 1 : "");
		str_addc(&url, '@');
	}
	add_address(&url, p->address, p->port);
	add_address(&shown, p->address, p->port);
	if (colon)
		cmdline_add_secret(out, str_c(&url), str_c(&shown));
	else
		cmdline_add(out, str_c(&url));
	str_wipe(&url);
	str_fini(&shown);
}
