// SPDX-License-Identifier: ISC
#include "proxy/url.h"

#include "base/hex.h"
#include "base/mem.h"
#include "base/nearest.h"
#include "base/value.h"
#include "net/addr/ports.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define MAX_CREDENTIAL 255 // bytes of a user name or password in SOCKS5 (RFC 1929 section 2)
#define UNIX_PREFIX "unix:"
#define HIDDEN "<credentials>"

static const struct {
	const char *name;
	const char *port;
	bool asks_names;
} schemes[] = {
	[PROXY_SOCKS4] = {"socks4", "1080", false},
	[PROXY_SOCKS4A] = {"socks4a", "1080", true},
	[PROXY_SOCKS5] = {"socks5", "1080", false},
	[PROXY_SOCKS5H] = {"socks5h", "1080", true},
	[PROXY_HTTP] = {"http", "3128", true},
	[PROXY_HTTPS] = {"https", "443", true},
};

const char *proxy_scheme_name(enum proxy_scheme scheme)
{
	return schemes[scheme].name;
}

bool proxy_scheme_asks_names(enum proxy_scheme scheme)
{
	return schemes[scheme].asks_names;
}

// The credentials in WORD: all between the scheme and the last @, so that a password with a slash
// is never taken for a host. Returns NULL if there are none.
static const char *find_credentials(const char *word, size_t *len)
{
	const char *scheme = strstr(word, "://");
	const char *begin = scheme ? scheme + 3 : word;
	const char *at = strrchr(begin, '@');

	*len = at ? (size_t)(at - begin) : 0;
	return at ? begin : NULL;
}

void proxy_url_wipe(char *word)
{
	size_t len;
	const char *begin = find_credentials(word, &len);

	if (begin)
		memset(word + (begin - word), '*', len);
}

// Adds "'WORD' WHY" without the credentials.
static int bad_url(struct str *err, const char *word, const char *why)
{
	size_t len;
	const char *begin = find_credentials(word, &len);
	struct str shown = {0};

	if (begin) {
		str_addn(&shown, word, (size_t)(begin - word));
		str_add(&shown, HIDDEN);
		str_add(&shown, begin + len);
	} else {
		str_add(&shown, word);
	}
	bad_word(err, str_c(&shown), why);
	str_fini(&shown);
	return -EINVAL;
}

static int bad_scheme(struct str *err, const char *word, size_t len)
{
	struct nearest nearest;
	struct str why = {0};

	if (len == 5 && strncasecmp(word, "socks", len) == 0) {
		// Desktops write it so and mean any of them.
		nearest.best = schemes[PROXY_SOCKS5H].name;
	} else {
		nearest_init(&nearest, word, len);
		for (size_t i = 0; i < ARRAY_SIZE(schemes); i++)
			nearest_offer(&nearest, schemes[i].name);
	}
	str_add(&why, "has no scheme of a proxy: socks4, socks4a, socks5, socks5h, http, https");
	if (nearest.best)
		str_addf(&why, "; did you mean %s://?", nearest.best);
	bad_url(err, word, str_c(&why));
	str_fini(&why);
	return -EINVAL;
}

static int parse_scheme(struct proxy_url *u, const char *word, const char **rest, struct str *err)
{
	const char *end = strstr(word, "://");

	if (!end)
		return bad_url(err, word,
			"has no scheme, and programs differ in what that means; write "
			"socks5h://HOST:PORT or http://HOST:PORT");
	for (size_t i = 0; i < ARRAY_SIZE(schemes); i++) {
		size_t len = strlen(schemes[i].name);

		if ((size_t)(end - word) == len && strncasecmp(word, schemes[i].name, len) == 0) {
			u->scheme = (enum proxy_scheme)i;
			*rest = end + 3;
			return 0;
		}
	}
	return bad_scheme(err, word, (size_t)(end - word));
}

// Decodes %XX. Returns false for a % of another form, and for a NUL byte.
static bool decode(const char *text, size_t len, struct str *out)
{
	str_reserve(out, len);
	for (size_t i = 0; i < len; i++) {
		char byte = text[i];
		size_t n;

		if (byte == '%') {
			if (len - i < 3 || hex_decode(&byte, &n, text + i + 1, 2) < 0)
				return false;
			i += 2;
		}
		if (byte == '\0')
			return false;
		str_addc(out, byte);
	}
	return true;
}

static bool decode_credentials(struct credentials *c, const char *text, size_t len)
{
	const char *colon = memchr(text, ':', len);
	size_t user_len = colon ? (size_t)(colon - text) : len;
	struct str user = {0};
	struct str password = {0};
	bool ok = decode(text, user_len, &user);

	if (ok)
		c->user = xstrdup(str_c(&user));
	if (ok && colon)
		ok = decode(colon + 1, len - user_len - 1, &password);
	if (ok && colon)
		c->password = xstrdup(str_c(&password));
	str_wipe(&user);
	str_wipe(&password);
	return ok;
}

// Refuses what the scheme's protocol cannot carry.
static const char *credentials_fault(enum proxy_scheme scheme, const struct credentials *c)
{
	size_t password = c->password ? strlen(c->password) : 0;

	switch (scheme) {
	case PROXY_SOCKS4:
	case PROXY_SOCKS4A:
		return c->password ? "has a password, which SOCKS4 does not know" : NULL;
	case PROXY_SOCKS5:
	case PROXY_SOCKS5H:
		return !*c->user ? "has no user name, without which SOCKS5 knows no password"
		       : strlen(c->user) > MAX_CREDENTIAL || password > MAX_CREDENTIAL
			       ? "has a user name or password of more than 255 bytes, the most "
				 "that SOCKS5 knows"
			       : NULL;
	case PROXY_HTTP:
	case PROXY_HTTPS:
		return strchr(c->user, ':') ? "has a colon in its user name, which HTTP cannot say"
					    : NULL;
	}
	return NULL;
}

static int parse_credentials(
	struct proxy_url *u, const char *word, const char **rest, struct str *err)
{
	size_t len;
	const char *begin = find_credentials(word, &len);
	const char *fault;

	if (!begin)
		return 0;
	*rest = begin + len + 1;
	if (len == strlen(UNIX_PREFIX) && strncmp(begin, UNIX_PREFIX, len) == 0)
		return bad_url(err, word, "has an @ before its socket; write it as %40");
	if (!decode_credentials(&u->credentials, begin, len))
		return bad_url(
			err, word, "has credentials with a % that is no %XX; write %25 for it");
	fault = credentials_fault(u->scheme, &u->credentials);
	return fault ? bad_url(err, word, fault) : 0;
}

static int parse_unix(
	struct proxy_url *u, const char *word, const char *text, size_t len, struct str *err)
{
	struct str path = {0};
	int r;

	if (memchr(text, '/', len))
		r = bad_url(err, word, "has a / in the name of its socket; write it as %2F");
	else if (!decode(text, len, &path))
		r = bad_url(err, word, "has a % that is no %XX; write %25 for it");
	else
		r = endpoint_parse(&u->endpoint, ENDPOINT_CONNECT, 1, &path.data, err);
	str_fini(&path);
	return r;
}

// The zone of an IPv6 address may be written with %25 as URLs have it (RFC 6874), or with %.
static char *copy_host(const char *text, size_t len)
{
	char *host = xstrndup(text, len);
	char *zone = strstr(host, "%25");

	if (zone && zone[3])
		memmove(zone + 1, zone + 3, strlen(zone + 3) + 1);
	return host;
}

// HOST, HOST:PORT, [IPV6] or [IPV6]:PORT. Words are not repeated in messages: they may be
// credentials whose @ was forgotten.
static int parse_host(
	struct proxy_url *u, const char *word, const char *text, size_t len, struct str *err)
{
	const char *end = text + len;
	const char *bracket = *text == '[' ? memchr(text, ']', len) : NULL;
	const char *colon =
		memchr(bracket ? bracket : text, ':', (size_t)(end - (bracket ? bracket : text)));
	char *port = colon ? xstrndup(colon + 1, (size_t)(end - colon - 1))
			   : xstrdup(schemes[u->scheme].port);
	char *host = copy_host(text, (size_t)((colon ? colon : end) - text));
	int r;

	if (bracket && bracket + 1 != (colon ? colon : end))
		r = bad_url(err, word, "has no end of the address; write [ADDRESS]:PORT");
	else if (strchr(port, ':'))
		r = bad_url(err, word, "has many colons; write an IPv6 address as [ADDRESS]:PORT");
	else if (!*host)
		r = bad_url(err, word, "names no host");
	else if (!is_port_number(port, 1))
		r = bad_url(err, word, "has no port from 1 to 65535 after its colon");
	else
		r = endpoint_parse(&u->endpoint, ENDPOINT_CONNECT, 2, (char *[]){host, port}, err);
	free(host);
	free(port);
	return r;
}

static void set_name(struct proxy_url *u)
{
	struct str name = {0};

	str_addf(&name, "%s://%s", schemes[u->scheme].name, u->endpoint.name);
	u->name = name.data;
	free(u->endpoint.name);
	u->endpoint.name = xstrdup(u->name);
}

int proxy_url_parse(struct proxy_url *u, const char *word, struct str *err)
{
	const char *rest = word;
	size_t len;
	int r;

	*u = (struct proxy_url){.endpoint.fd = -1};
	r = parse_scheme(u, word, &rest, err);
	if (r == 0)
		r = parse_credentials(u, word, &rest, err);
	if (r < 0)
		return r;
	len = strcspn(rest, "/?#");
	if (strncmp(rest, UNIX_PREFIX, strlen(UNIX_PREFIX)) == 0)
		r = parse_unix(u, word, rest, strlen(rest), err);
	else if (rest[len] && strcmp(rest + len, "/") != 0)
		r = bad_url(err, word, "has something behind its host and port");
	else
		r = parse_host(u, word, rest, len, err);
	if (r == 0)
		set_name(u);
	return r;
}

void proxy_url_fini(struct proxy_url *u)
{
	credentials_fini(&u->credentials);
	endpoint_fini(&u->endpoint);
	free(u->name);
	*u = (struct proxy_url){.endpoint.fd = -1};
}
