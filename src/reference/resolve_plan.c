// SPDX-License-Identifier: ISC
#include "reference/resolve_plan.h"

#include "base/mem.h"
#include "base/nearest.h"
#include "base/value.h"
#include "base/wordlist.h"
#include "net/names/database.h"
#include "net/addr/endpoint.h"
#include "net/addr/ports.h"
#include "sys/names.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define DAY_MS (24 * 3600 * 1000ull)
#define AT(field, type) OPT_AT(struct resolve_config, field, type)

#define TYPES "any stream dgram raw"
static const int socktypes[] = {0, SOCK_STREAM, SOCK_DGRAM, SOCK_RAW};

// The first leaves the choice to us; the others are as in enum query_via.
#define VIAS "auto getaddrinfo getnameinfo gethostbyname gethostbyaddr getifaddrs"

const struct resolve_config resolve_defaults = {.jobs = 64};

static const struct opt asking_opts[] = {
	{"ipv4", '4', OPT_FLAG, AT(ipv4, bool), "", "use IPv4 only", .is_everyday = true},
	{"ipv6", '6', OPT_FLAG, AT(ipv6, bool), "", "use IPv6 only", .is_everyday = true,
		.not_with = "ipv4"},
	{"type", 't', OPT_CHOICE, AT(type, int), "TYPE", "socket type: any, stream, dgram or raw",
		.choices = TYPES, .is_everyday = true},
	{"flag", 'f', OPT_LIST, AT(flags, struct strlist), "FLAG",
		"flag for the call, such as AI_V4MAPPED or NI_NOFQDN; repeat for more",
		.words = "flag"},
	{"via", 0, OPT_CHOICE, AT(via, int), "CALL",
		"call to use: getaddrinfo, getnameinfo, gethostbyname, gethostbyaddr or getifaddrs",
		.choices = VIAS},
	{"service", 's', OPT_STRING, AT(service, const char *), "SERVICE",
		"add the port of SERVICE to each address", .words = "service", .is_everyday = true},
	{"names", 'n', OPT_FLAG, AT(names, bool), "",
		"treat all arguments as names, including the second of two"},
	{"jobs", 'j', OPT_UINT, AT(jobs, uint64_t), "N", "maximum concurrent lookups (64)",
		.min = 1, .max = 1024},
	{"timeout", 'w', OPT_DURATION, AT(timeout_ms, uint64_t), "TIME",
		"maximum time for all lookups", .min = 1, .max = 365 * DAY_MS, .is_everyday = true},
	{"progress", 0, OPT_FLAG, AT(progress, bool), "", "show progress"},
	{""},
};

static const struct opt showing_opts[] = {
	{"canonical", 'c', OPT_FLAG, AT(canonical, bool), "",
		"show the canonical name (AI_CANONNAME)", .is_everyday = true},
	{"long", 'l', OPT_FLAG, AT(is_long, bool), "",
		"show all fields of each result, and why it is ordered so", .is_everyday = true},
	{""},
};

const struct opt_group resolve_groups[] = {
	{"Asking", asking_opts, 0}, {"Showing", showing_opts, 0}, COMMON_GROUP, {0}};

static int unknown_flag(const char *word, struct str *err)
{
	struct nearest near;

	nearest_init(&near, word, strlen(word));
	for (const struct name_value *v = names_ai; *v->name; v++)
		nearest_offer(&near, v->name);
	for (const struct name_value *v = names_ni; *v->name; v++)
		nearest_offer(&near, v->name);
	bad_word(err, word, "is no flag of getaddrinfo() or getnameinfo()");
	if (near.best)
		str_addf(err, "; did you mean '%s'?", near.best);
	return -EINVAL;
}

static int read_flags(struct resolve_config *c, struct str *err)
{
	for (size_t i = 0; i < c->flags.count; i++) {
		const char *word = c->flags.items[i];
		long flag;

		if (name_find(names_ai, word, &flag))
			c->ai_flags |= (int)flag;
		else if (name_find(names_ni, word, &flag))
			c->ni_flags |= (int)flag;
		else
			return unknown_flag(word, err);
	}
	if (c->canonical)
		c->ai_flags |= AI_CANONNAME;
	c->canonical = c->ai_flags & AI_CANONNAME;
	return 0;
}

static void ignore_service(void *arg, const struct servent *e)
{
	(void)arg;
	(void)e;
}

// No service has a dot or a colon.
static bool may_be_service(const char *word)
{
	return !strpbrk(word, ".:") && strcmp(word, "-") != 0;
}

int resolve_config_finish(struct resolve_config *c, int argc, char **argv, struct str *err)
{
	int r = read_flags(c, err);

	if (r == 0 && c->service)
		r = check_port(c->service, 0, err);
	if (r == 0 && argc == 2 && !c->names && !c->service && may_be_service(argv[1])) {
		c->word_service = argv[1];
		r = check_port(argv[1], 0, err);
	}
	return r;
}

size_t resolve_config_settle(struct resolve_config *c, size_t count)
{
	if (c->word_service && !is_port_number(c->word_service, 0) &&
		!services_find(c->word_service, NULL, ignore_service, NULL))
		c->word_service = NULL;
	if (!c->word_service)
		return count;
	c->service = c->word_service;
	return 1;
}

static bool is_ascii(const char *word)
{
	while (*word && (unsigned char)*word < 0x80)
		word++;
	return !*word;
}

bool resolve_needs_locale(const struct resolve_config *c, const char *word)
{
	return c->ai_flags & (AI_IDN | AI_CANONIDN) || c->ni_flags & NI_IDN || !is_ascii(word);
}

static bool is_no_host(const char *word)
{
	return strcmp(word, QUERY_NO_HOST) == 0;
}

// Which call is for a word, where the user did not say.
static enum query_via via_of(const struct resolve_config *c, const char *word, bool is_address)
{
	if (c->via)
		return (enum query_via)(c->via - 1);
	if (is_no_host(word) && !c->ai_flags)
		return QUERY_GETIFADDRS;
	if (is_address && (c->ni_flags || !c->ai_flags))
		return QUERY_GETNAMEINFO;
	return QUERY_GETADDRINFO;
}

static int check_name(const struct resolve_config *c, const char *word, struct str *err)
{
	struct sockaddr_any a;
	bool is_address = numeric_address(word, 0, &a);
	enum query_via via = via_of(c, word, is_address);

	if (check_host(word, err) < 0)
		return -EINVAL;
	if (!is_address && (via == QUERY_GETNAMEINFO || via == QUERY_GETHOSTBYADDR)) {
		bad_word(err, word, "is no address, which ");
		str_add_nth_word(err, VIAS, via + 1);
		str_add(err, "() wants");
		return -EINVAL;
	}
	if (via == QUERY_GETIFADDRS && !is_no_host(word)) {
		bad_word(err, word, "is a host; getifaddrs() knows those of this machine");
		str_addf(err, ", for which '%s' stands", QUERY_NO_HOST);
		return -EINVAL;
	}
	if (via == QUERY_GETADDRINFO && c->ni_flags && !c->ai_flags)
		return bad_word(err, word, "is a name; flags of getnameinfo() are for addresses");
	return 0;
}

// Takes HOST:PORT and [IPV6]:PORT apart. Returns false for words that are something else;
// endpoint_fini() is due in any case.
static bool split(const char *word, struct endpoint *p)
{
	struct sockaddr_any a;
	struct str ignored = {0};
	bool ok;

	*p = (struct endpoint){0};
	if (!strchr(word, ':') || numeric_address(word, 0, &a))
		return false;

	char *argv[] = {xstrdup(word)};

	ok = endpoint_parse(p, ENDPOINT_LISTEN, 1, argv, &ignored) == 0 &&
	     p->kind == ENDPOINT_INET && p->host;
	str_fini(&ignored);
	free(argv[0]);
	return ok;
}

int resolve_check(const struct resolve_config *c, const char *word, struct str *err)
{
	struct endpoint p;
	int r = check_name(c, split(word, &p) ? p.host : word, err);

	endpoint_fini(&p);
	return r;
}

static void on_service(void *arg, const struct servent *e)
{
	uint16_t *port = arg;

	if (!*port)
		*port = ntohs((uint16_t)e->s_port);
}

// The calls for addresses want numbers of ports.
static int find_port(const struct resolve_config *c, const char *service, uint16_t *port)
{
	const char *protocol = c->type == 2 ? "udp" : "tcp";
	uint64_t number;

	if (parse_uint(service, &number) == 0)
		*port = (uint16_t)number;
	else if (!services_find(service, protocol, on_service, port) &&
		 !services_find(service, NULL, on_service, port))
		return -ENOENT;
	return 0;
}

static int plan_name(
	const struct resolve_config *c, const char *word, const char *service, struct query *q)
{
	struct sockaddr_any a;
	bool is_address = numeric_address(word, 0, &a);

	query_init(q, word, service);
	q->via = via_of(c, word, is_address);
	q->hints.ai_family = c->ipv4 ? AF_INET : c->ipv6 ? AF_INET6 : AF_UNSPEC;
	q->hints.ai_socktype = socktypes[c->type];
	q->hints.ai_flags = c->ai_flags | (is_ascii(word) ? 0 : AI_IDN);
	q->flags = c->ni_flags;
	if (!(q->flags & NI_NUMERICHOST))
		q->flags |= NI_NAMEREQD; // an address without a name is not found
	if (socktypes[c->type] == SOCK_DGRAM)
		q->flags |= NI_DGRAM;
	if (is_address)
		q->address = a;
	if (!service || q->via == QUERY_GETADDRINFO)
		return 0;
	if (find_port(c, service, &q->port) < 0)
		return -ENOENT;
	if (is_address)
		sockaddr_set_port(&q->address, q->port);
	return 0;
}

int resolve_plan(
	const struct resolve_config *c, const char *word, const char *service, struct query *q)
{
	struct endpoint p;
	int r = split(word, &p) ? plan_name(c, p.host, p.service, q)
				: plan_name(c, word, service, q);

	endpoint_fini(&p);
	return r;
}
