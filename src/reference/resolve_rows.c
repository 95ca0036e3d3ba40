// SPDX-License-Identifier: ISC
#include "reference/resolve_rows.h"

#include "base/mem.h"
#include "net/names/interleave.h"
#include "net/names/addrsel.h"
#include "sys/names.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

void resolve_rows_init(struct resolve_rows *r, bool json, bool many, bool is_long, bool canonical)
{
	static const struct rows_column more[] = {{"FAMILY", "{family}"}, {"TYPE", "{type}"},
		{"PROTOCOL", "{protocol}"}, {"LENGTH", "{length}"}, {"CANONICAL", "{canonical}"},
		{"ALIASES", "{aliases}"}, {"REASON", "{reason}"}};
	size_t n = 0;

	*r = (struct resolve_rows){.is_long = is_long};
	if (many)
		r->columns[n++] = (struct rows_column){"QUERY", "{word}"};
	r->columns[n++] = (struct rows_column){"ANSWER", "{answer}"};
	for (size_t i = 0; is_long && i < ARRAY_SIZE(more); i++)
		r->columns[n++] = more[i];
	if (canonical && !is_long)
		r->columns[n++] = (struct rows_column){"CANONICAL", "{canonical}"};
	rows_init(&r->rows, json, r->columns);
}

void resolve_rows_fini(struct resolve_rows *r)
{
	rows_fini(&r->rows);
}

static const char *family_name(int family)
{
	return family == AF_INET6 ? "inet6" : "inet";
}

// "tcp" for IPPROTO_TCP: the name that a constant has without its PREFIX, in small letters.
static const char *short_name(
	const struct name_value *table, long value, const char *prefix, char *buf, size_t size)
{
	const char *name = name_of(table, value);
	size_t n = 0;

	if (!name || strncmp(name, prefix, strlen(prefix)) != 0)
		return NULL;
	for (name += strlen(prefix); name[n] && n + 1 < size; n++)
		buf[n] = (char)tolower((unsigned char)name[n]);
	buf[n] = '\0';
	return buf;
}

// The texts of an address: with its port if a service was asked for.
struct shown {
	struct str host, answer;
	bool has_port;
	uint16_t port;
};

static void show(struct shown *s, const struct sockaddr_any *a, bool has_port)
{
	*s = (struct shown){.has_port = has_port, .port = sockaddr_port(a)};
	str_add_sockaddr_host(&s->host, &a->sa, a->len);
	if (has_port)
		str_add_sockaddr(&s->answer, &a->sa, a->len);
	else
		str_add(&s->answer, str_c(&s->host));
}

static void shown_fini(struct shown *s)
{
	str_fini(&s->host);
	str_fini(&s->answer);
}

// Why the addresses have their order.
struct order {
	struct address_list list;
	int *rules; // as addrsel_explain() sets them, or NULL
	struct str reason; // of the item asked for last
};

static const char *reason_at(struct order *o, size_t i)
{
	int rule = o->rules ? o->rules[i] : 0;

	str_clear(&o->reason);
	if (rule > 0)
		str_addf(&o->reason, "rule %d: %s", rule, addrsel_rule_name(rule));
	else if (rule < 0 && o->list.items[i].sa.sa_family != o->list.items[i + 1].sa.sa_family)
		str_add(&o->reason, "families in turn (RFC 8305)");
	else if (rule < 0)
		str_addf(&o->reason, "against rule %d: %s", -rule, addrsel_rule_name(-rule));
	return str_c(&o->reason);
}

static void add_address(struct resolve_rows *r, const struct query *q, const struct addrinfo *ai,
	struct order *o, size_t i)
{
	const struct sockaddr_any *a = &o->list.items[i];
	int rule = o->rules ? o->rules[i] : 0;
	char type[32];
	char protocol[32];
	struct shown s;

	show(&s, a, q->service);
	rows_add(&r->rows, F_STR("name", q->word), F_STR("address", str_c(&s.host)),
		F_STR("family", family_name(a->sa.sa_family)),
		field_uint_if("port", s.has_port, s.port),
		F_STR("type",
			ai ? short_name(names_type, ai->ai_socktype, "SOCK_", type, sizeof(type))
			   : NULL),
		F_STR("protocol", ai ? short_name(names_protocol, ai->ai_protocol, "IPPROTO_",
					       protocol, sizeof(protocol))
				     : NULL),
		F_STR("canonical", q->list->ai_canonname),
		field_uint_if("rule", rule > 0, (uint64_t)rule),
		F_STR("reason", rule ? reason_at(o, i) : NULL), F_SHOWN("word", q->word),
		F_SHOWN("answer", str_c(&s.answer)));
	shown_fini(&s);
}

static bool is_at(const struct addrinfo *ai, const struct sockaddr_any *a)
{
	struct sockaddr_any mine;

	sockaddr_set(&mine, ai->ai_addr, ai->ai_addrlen);
	return sockaddr_equal(&mine, a);
}

// In the order in which they are tried by who connects.
static void add_addresses(struct resolve_rows *r, const struct query *q)
{
	struct order o = {.list = address_list_of(q->list)};

	interleave_families(&o.list);
	if (r->is_long && o.list.count > 1) {
		o.rules = xcalloc(o.list.count, sizeof(*o.rules));
		addrsel_explain(&o.list, o.rules);
	}
	for (size_t i = 0; i < o.list.count; i++) {
		const struct addrinfo *ai = q->list;

		if (!r->is_long)
			add_address(r, q, NULL, &o, i);
		for (; r->is_long && ai; ai = ai->ai_next)
			if (is_at(ai, &o.list.items[i]))
				add_address(r, q, ai, &o, i);
	}
	address_list_fini(&o.list);
	free(o.rules);
	str_fini(&o.reason);
}

// The addresses of a host, of which those of this machine's interfaces are no name's.
static void add_host(struct resolve_rows *r, const struct query *q)
{
	const struct query_host *h = &q->host;

	for (size_t i = 0; i < h->count; i++) {
		struct sockaddr_any a = h->addresses[i];
		struct shown s;

		sockaddr_set_port(&a, q->port);
		show(&s, &a, q->service);
		rows_add(&r->rows, F_STR("name", q->word), F_STR("address", str_c(&s.host)),
			F_STR("family", family_name(a.sa.sa_family)),
			field_uint_if("length", h->length, (uint64_t)h->length),
			field_uint_if("port", s.has_port, s.port), F_STR("canonical", h->name),
			F_LIST("aliases", h->aliases), F_SHOWN("word", q->word),
			F_SHOWN("answer", str_c(&s.answer)));
		shown_fini(&s);
	}
}

static void add_name(struct resolve_rows *r, const struct query *q)
{
	bool is_host = q->via == QUERY_GETHOSTBYADDR;
	const char *name = is_host ? q->host.name : q->name;
	struct str answer = {0};
	struct shown s;

	show(&s, &q->address, q->service);
	str_addf(&answer, q->port_name && strchr(name, ':') ? "[%s]" : "%s", name);
	if (is_host && q->service)
		str_addf(&answer, ":%u", q->port);
	else if (q->port_name)
		str_addf(&answer, ":%s", q->port_name);
	rows_add(&r->rows, F_STR("name", name), F_STR("address", str_c(&s.host)),
		F_STR("family", family_name(q->address.sa.sa_family)),
		field_uint_if("length", is_host, (uint64_t)q->host.length),
		field_uint_if("port", s.has_port, s.port), F_STR("service", q->port_name),
		F_STR("protocol", !q->port_name         ? NULL
				  : q->flags & NI_DGRAM ? "udp"
							: "tcp"),
		F_LIST("aliases", is_host ? q->host.aliases : NULL), F_SHOWN("word", q->word),
		F_SHOWN("answer", str_c(&answer)));
	str_fini(&answer);
	shown_fini(&s);
}

void resolve_rows_add(struct resolve_rows *r, const struct query *q)
{
	if (q->via == QUERY_GETADDRINFO)
		add_addresses(r, q);
	else if (q->via == QUERY_GETHOSTBYNAME || q->via == QUERY_GETIFADDRS)
		add_host(r, q);
	else
		add_name(r, q);
}
