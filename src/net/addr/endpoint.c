// SPDX-License-Identifier: ISC
#include "net/addr/endpoint.h"

#include "base/mem.h"
#include "base/value.h"
#include "net/addr/interfaces.h"
#include "net/addr/ip.h"
#include "net/addr/ports.h"
#include "sys/inet.h"
#include "sys/resolver.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>

#define MAX_HOST 253 // RFC 1035 section 2.3.4, as text
#define TLS_PREFIX "tls:"
#define SEQPACKET_PREFIX "seqpacket:"

static bool is_listening(enum endpoint_use use)
{
	return use == ENDPOINT_LISTEN || use == ENDPOINT_SERVE;
}

static bool names_ports(const char *word, struct str *err)
{
	struct ports ports;
	int r = ports_parse(&ports, word, err);

	ports_fini(&ports);
	return r == 0;
}

static int check_service(const char *word, enum endpoint_use use, struct str *err)
{
	struct str ignored = {0};
	int r;

	if (is_listening(use))
		return check_port(word, 0, err);
	if (use == ENDPOINT_CHECK)
		return names_ports(word, err) ? 0 : -EINVAL;
	if (is_port_number(word, 1) || (isalpha((unsigned char)*word) && !strchr(word, ',')))
		return check_port(word, 1, err);
	r = names_ports(word, &ignored)
		    ? bad_word(err, word, "is a list of ports, which takes --check")
		    : check_port(word, 1, err);
	str_fini(&ignored);
	return r;
}

bool numeric_address(const char *host, unsigned port, struct sockaddr_any *a)
{
	struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
	struct sockaddr_in6 in6 = {.sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port)};
	const char *zone = strchr(host, '%');
	char text[INET6_ADDRSTRLEN];
	size_t len = zone ? (size_t)(zone - host) : strlen(host);

	if (len >= sizeof(text))
		return false;
	memcpy(text, host, len);
	text[len] = '\0';
	if (!zone && sys_inet_pton(AF_INET, text, &in.sin_addr) == 1) {
		sockaddr_set(a, (const struct sockaddr *)&in, sizeof(in));
		return true;
	}
	if (sys_inet_pton(AF_INET6, text, &in6.sin6_addr) != 1)
		return false;
	if (zone) {
		in6.sin6_scope_id = ip_zone_index(zone + 1);
		if (!in6.sin6_scope_id)
			return false;
	}
	sockaddr_set(a, (const struct sockaddr *)&in6, sizeof(in6));
	return true;
}

bool add_zone_fault(struct str *s, const char *host)
{
	const char *zone = strchr(host, '%');
	char *address = xstrndup(host, strcspn(host, "%"));
	struct sockaddr_any a;
	bool is_fault = zone && strchr(address, ':') && numeric_address(address, 0, &a) &&
			!ip_zone_index(zone + 1);

	if (is_fault)
		bad_interface(s, host);
	free(address);
	return is_fault;
}

bool is_loose_address(const char *host)
{
	struct sockaddr_any a;
	struct in_addr ignored;

	return !numeric_address(host, 0, &a) && inet_aton(host, &ignored);
}

bool endpoint_has_host_name(const struct endpoint *p)
{
	struct sockaddr_any ignored;

	return p->host && !numeric_address(p->host, 0, &ignored);
}

static bool looks_like_file(const char *word)
{
	const char *dot = strrchr(word, '.');

	return dot && (strcmp(dot, ".sock") == 0 || strcmp(dot, ".socket") == 0);
}

// A word may have been meant for a socket's file or abstract name: adds WRITE and how to say that.
static void add_socket_hint(struct str *s, const char *write, const char *word)
{
	bool is_file = looks_like_file(word);

	if (!is_file && word[0] != '@')
		return;
	str_addf(s, "%s%s", write, is_file ? "./" : "unix:");
	str_add_word(s, word, strlen(word));
	str_add(s, is_file ? " for a socket" : " for an abstract socket");
}

static int refuse_without_port(const char *word, struct str *err)
{
	if (is_port_number(word, 0))
		return bad_word(
			err, word, "has no host; write HOST PORT, or :PORT for this machine");
	bad_word(err, word, "has no port; write HOST PORT or HOST:PORT");
	add_socket_hint(err, ", or ", word);
	return -EINVAL;
}

// Numbers and dots, or a hexadecimal number, that are no address all the same.
static bool is_almost_ipv4(const char *word)
{
	struct sockaddr_any ignored;
	bool is_dotted = strchr(word, '.') && !word[strspn(word, "0123456789.")];

	return (is_dotted && !numeric_address(word, 0, &ignored)) ||
	       (strchr(word, 'x') && is_loose_address(word));
}

void endpoint_add_hint(struct str *s, const struct endpoint *p)
{
	const char *word = p->host ? p->host : p->service;

	if (!word)
		return;
	add_socket_hint(s, "; write ", word);
	if (is_almost_ipv4(word))
		str_add(s, "; an IPv4 address has four numbers from 0 to 255");
	else if (sys_if_nametoindex(word))
		str_add(s, "; that is a network interface, which --interface takes");
}

static int refuse_host(const char *host, struct str *err)
{
	const char *at = strchr(host, '@');

	bad_word(err, host, "is no host name or address");
	if (at && at > host)
		str_add(err, "; leave out the user before its @");
	add_socket_hint(err, "; write ", host);
	return -EINVAL;
}

static bool has_seqpacket_prefix(const char *word)
{
	return strncmp(word, SEQPACKET_PREFIX, strlen(SEQPACKET_PREFIX)) == 0;
}

static bool has_prefix(const char *word)
{
	return strncmp(word, "unix:", 5) == 0 || strncmp(word, "fd:", 3) == 0 ||
	       has_seqpacket_prefix(word);
}

// A URL looks like the path of a Unix socket, and is never meant to be one.
static bool is_url(const char *word)
{
	size_t scheme = strspn(word, "abcdefghijklmnopqrstuvwxyz0123456789+-.");

	return word[0] >= 'a' && word[0] <= 'z' && strncmp(word + scheme, "://", 3) == 0 &&
	       !has_prefix(word);
}

int check_host(const char *host, struct str *err)
{
	struct sockaddr_any a;

	if (!*host)
		return bad_word(err, host, "is empty where a host is expected");
	if (strlen(host) > MAX_HOST) {
		str_addf(err, "a host name of %zu bytes is too long: at most %d", strlen(host),
			MAX_HOST);
		return -EINVAL;
	}
	if (is_url(host))
		return bad_word(err, host, "is a URL; write its host");
	if (host[0] == '[' && host[strlen(host) - 1] == ']')
		return bad_word(err, host, "has brackets; write the address without them");
	if (strchr(host, ':') && strchr(host, ':') == strrchr(host, ':'))
		return bad_word(err, host, "is no host; write HOST PORT or HOST:PORT");
	if (strchr(host, ':') && !numeric_address(host, 0, &a))
		return add_zone_fault(err, host) ? -EINVAL
						 : bad_word(err, host, "is no IPv6 address");
	for (const char *c = host; *c; c++)
		if ((unsigned char)*c <= ' ' || *c == 127 || strchr("[]/@", *c))
			return refuse_host(host, err);
	return 0;
}

static int parse_unix(struct endpoint *p, const char *word, const char *path, struct str *err)
{
	struct sockaddr_un *un = &p->unix_address.un;
	size_t len = strlen(path);
	bool is_abstract = path[0] == '@';
	size_t max = is_abstract ? sizeof(un->sun_path) : sizeof(un->sun_path) - 1;

	p->kind = ENDPOINT_UNIX;
	if (len == 0 || (is_abstract && len == 1))
		return bad_word(err, word,
			p->is_seqpacket ? "names no socket; write seqpacket:PATH or seqpacket:@NAME"
					: "names no socket; write unix:PATH or unix:@NAME");
	if (len > max) {
		bad_word(err, word, "is too long for a socket: ");
		str_addf(err, "%zu bytes, at most %zu", len, max);
		return -EINVAL;
	}
	un->sun_family = AF_UNIX;
	memcpy(un->sun_path, path, len);
	if (is_abstract)
		un->sun_path[0] = '\0';
	p->unix_address.len =
		(socklen_t)(offsetof(struct sockaddr_un, sun_path) + len + (is_abstract ? 0 : 1));
	return 0;
}

static int parse_fd(struct endpoint *p, const char *word, const char *number, struct str *err)
{
	uint64_t fd;

	p->kind = ENDPOINT_FD;
	if (parse_uint(number, &fd) < 0 || strlen(number) > 6)
		return bad_word(err, word, "names no descriptor; write fd: and its number");
	p->fd = (int)fd;
	return 0;
}

// Takes the brackets off an IPv6 address.
static int set_host(struct endpoint *p, const char *host, size_t len, struct str *err)
{
	bool bracketed = len >= 2 && host[0] == '[' && host[len - 1] == ']';

	if (bracketed) {
		host++;
		len -= 2;
	}
	if (len == 0)
		return bracketed ? bad_word(err, "[]", "holds no address") : 0;
	p->host = xstrndup(host, len);

	int r = check_host(p->host, err);

	if (r == 0 && bracketed && !strchr(p->host, ':'))
		return bad_word(err, p->host, "is no IPv6 address; brackets are for those");
	return r;
}

static int parse_host_and_port(
	struct endpoint *p, enum endpoint_use use, const char *word, struct str *err)
{
	const char *colon = strrchr(word, ':');
	bool bracketed = word[0] == '[';
	const char *end = bracketed ? strchr(word, ']') : NULL;
	struct sockaddr_any ignored;

	if (bracketed && (!end || (end[1] && end[1] != ':')))
		return bad_word(err, word, "has no end of the address; write [ADDRESS]:PORT");
	if (bracketed)
		colon = end[1] ? end + 1 : NULL;
	if (!colon && is_listening(use) && !bracketed && !numeric_address(word, 0, &ignored)) {
		int r = check_port(word, 0, err);

		p->service = xstrdup(word);
		if (r < 0)
			add_socket_hint(err, "; write ", word);
		return r;
	}
	if (!colon)
		return refuse_without_port(word, err);
	if (!bracketed && strchr(word, ':') != colon)
		return bad_word(
			err, word, "has many colons; write an IPv6 address as [ADDRESS]:PORT");
	if (!colon[1])
		return bad_word(err, word, "has no port after the colon");
	p->service = xstrdup(colon + 1);

	int r = check_service(p->service, use, err);

	return r < 0 ? r : set_host(p, word, (size_t)(colon - word), err);
}

static void set_name(struct endpoint *p, int argc, char **argv)
{
	struct str name = {0};

	if (p->kind == ENDPOINT_UNIX) {
		str_add(&name, p->is_seqpacket ? SEQPACKET_PREFIX : "unix:");
		str_add_sockaddr_host(&name, &p->unix_address.sa, p->unix_address.len);
	} else if (p->kind == ENDPOINT_FD || !p->service) {
		for (int i = 0; i < argc; i++)
			str_addf(&name, "%s%s", i ? " " : "", argv[i]);
	} else {
		const char *host = p->host ? p->host : "";

		str_addf(&name, strchr(host, ':') ? "[%s]:%s" : "%s:%s", host, p->service);
	}
	p->name = name.data ? name.data : xstrdup("");
}

static bool has_tls_prefix(const char *word)
{
	return strncmp(word, TLS_PREFIX, strlen(TLS_PREFIX)) == 0;
}

static int check_tls_use(enum endpoint_use use, const char *word, struct str *err)
{
	if (is_listening(use) || use == ENDPOINT_PLAIN)
		return bad_word(err, word,
			"is no endpoint here: only connect and listen --forward speak TLS so");
	return 0;
}

// Says how "tls:HOST" and a port are written, which are one word.
static int refuse_two_tls_words(enum endpoint_use use, char **words, struct str *err)
{
	const char *host = words[0] + strlen(TLS_PREFIX);
	const char *colon = strchr(host, ':');
	bool is_bracketed = host[0] == '[';
	bool is_ipv6 = !is_bracketed && colon && strchr(colon + 1, ':');
	bool has_port = is_bracketed ? strstr(host, "]:") != NULL : colon && !is_ipv6;
	int r = check_tls_use(use, words[0], err);

	if (r < 0)
		return r;
	if (has_port)
		return bad_word(err, words[1],
			"is one word too many after tls:HOST:PORT, which has a port");
	bad_word(err, words[0], "needs its port in the same word; write " TLS_PREFIX);
	str_add(err, is_ipv6 ? "[" : "");
	str_add_word(err, host, strlen(host));
	str_add(err, is_ipv6 ? "]:" : ":");
	str_add_word(err, words[1], strlen(words[1]));
	return -EINVAL;
}

// What follows "tls:" is a host with its port: a port alone would be taken for a host called tls.
static int parse_tls(struct endpoint *p, enum endpoint_use use, const char *word, struct str *err)
{
	const char *rest = word + strlen(TLS_PREFIX);
	int r = check_tls_use(use, word, err);

	p->is_tls = true;
	if (r < 0)
		return r;
	if (has_prefix(rest) || strchr(rest, '/'))
		return bad_word(err, word,
			"is no host with a port; for TLS over a socket write --tls before it");
	if (!strchr(rest, ':'))
		return bad_word(err, word,
			"has no port; write tls:HOST:PORT, or two words for a host called tls");
	return parse_host_and_port(p, use, rest, err);
}

static int parse_seqpacket(
	struct endpoint *p, enum endpoint_use use, const char *word, struct str *err)
{
	p->is_seqpacket = true;
	if (use == ENDPOINT_LISTEN || use == ENDPOINT_PLAIN) {
		p->kind = ENDPOINT_UNIX;
		return bad_word(err, word,
			"is no endpoint here: only connect, listen and listen --forward "
			"take " SEQPACKET_PREFIX ", without --udp");
	}
	return parse_unix(p, word, word + strlen(SEQPACKET_PREFIX), err);
}

static int parse_one(struct endpoint *p, enum endpoint_use use, const char *word, struct str *err)
{
	if (has_tls_prefix(word))
		return parse_tls(p, use, word, err);
	if (strncmp(word, "unix:", 5) == 0)
		return parse_unix(p, word, word + 5, err);
	if (has_seqpacket_prefix(word))
		return parse_seqpacket(p, use, word, err);
	if (strncmp(word, "fd:", 3) == 0)
		return parse_fd(p, word, word + 3, err);
	if (strchr(word, '/'))
		return parse_unix(p, word, word, err);
	return parse_host_and_port(p, use, word, err);
}

int endpoint_parse(
	struct endpoint *p, enum endpoint_use use, int argc, char **argv, struct str *err)
{
	int r;

	*p = (struct endpoint){.fd = -1};
	if (is_url(argv[0])) {
		r = bad_word(err, argv[0], "is a URL; write its HOST and PORT");
	} else if (argc == 1) {
		r = parse_one(p, use, argv[0], err);
	} else if (has_tls_prefix(argv[0])) {
		r = refuse_two_tls_words(use, argv, err);
	} else if (has_prefix(argv[0]) || strchr(argv[0], '/')) {
		r = has_prefix(argv[0])
			    ? bad_word(err, argv[1], "is one word too many after a socket")
			    : bad_word(err, argv[0],
				      "has a slash and is the path of a socket, which has no port");
	} else {
		p->service = xstrdup(argv[1]);
		r = check_service(argv[1], use, err);
		if (r == 0)
			r = *argv[0] ? set_host(p, argv[0], strlen(argv[0]), err)
				     : check_host(argv[0], err);
	}
	set_name(p, argc, argv);
	return r;
}

int endpoint_word_count(const char *first)
{
	const char *colon = strchr(first, ':');
	bool is_socket = has_prefix(first) || strchr(first, '/') || has_tls_prefix(first);
	bool is_bracketed = first[0] == '[' && strstr(first, "]:");

	// With several colons, and no brackets, it is an IPv6 address alone.
	return is_socket || is_bracketed || (colon && !strchr(colon + 1, ':')) ? 1 : 2;
}

int endpoint_parse_host(struct endpoint *p, const char *host, struct str *err)
{
	int r;

	*p = (struct endpoint){.fd = -1};
	p->service = xstrdup("0");
	if (host && has_prefix(host))
		r = bad_word(err, host, "is no host name or address");
	else
		r = !host   ? 0
		    : *host ? set_host(p, host, strlen(host), err)
			    : check_host(host, err);
	p->name = xstrdup(p->host ? p->host : "");
	return r;
}

bool endpoint_is_path(const struct endpoint *p)
{
	return p->kind == ENDPOINT_UNIX && p->unix_address.un.sun_path[0];
}

int endpoint_check_family(const struct endpoint *p, bool ipv4, bool ipv6, struct str *err)
{
	struct sockaddr_any a;

	if (!p->host || !numeric_address(p->host, 0, &a))
		return 0;
	if (ipv4 && a.sa.sa_family != AF_INET)
		return bad_word(err, p->host, "is no IPv4 address as --ipv4 asks for");
	if (ipv6 && a.sa.sa_family != AF_INET6)
		return bad_word(err, p->host, "is no IPv6 address as --ipv6 asks for");
	return 0;
}

void endpoint_fini(struct endpoint *p)
{
	free(p->host);
	free(p->service);
	free(p->name);
	*p = (struct endpoint){.fd = -1};
}
