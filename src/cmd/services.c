// SPDX-License-Identifier: ISC
// sockctl services: the database of services, whole or looked up. See sockctl-services(1).
#include "app.h"
#include "base/mem.h"
#include "base/value.h"
#include "reference/entries.h"
#include "net/names/database.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

// The classes of ports, RFC 6335 section 6.
static const struct port_class {
	const char *name;
	uint16_t low, high;
} classes[] = {
	{"well-known", 0, 1023},
	{"registered", 1024, 49151},
	{"dynamic", 49152, UINT16_MAX},
};

struct services_config {
	struct common_config common;
	const char *protocol;
	const char *range;
	uint16_t low, high; // what range says
};

static const struct services_config defaults = {.high = UINT16_MAX};

static const struct opt opts[] = {
	{"proto", 'p', OPT_STRING, OPT_AT(struct services_config, protocol, const char *), "NAME",
		"services over this protocol only, such as tcp or udp", .words = "=tcp|=udp"},
	{"range", 'r', OPT_STRING, OPT_AT(struct services_config, range, const char *), "PORTS",
		"ports in this range only: 1-1023, 80, well-known, registered or dynamic",
		.words = "=well-known|=registered|=dynamic"},
	{""},
};

static const struct opt_group groups[] = {{"Choosing", opts, 0}, COMMON_GROUP, {0}};

static const struct rows_column columns[] = {{"NAME", "{name}"}, {"PORT", "{port}/{protocol}"},
	{"CLASS", "{class}"}, {"ALIASES", "{aliases}"}, {0}};

static const char *class_of(uint16_t port)
{
	const struct port_class *c = classes;

	while (port > c->high)
		c++;
	return c->name;
}

static bool passes(const struct services_config *config, const struct servent *e, uint16_t port)
{
	return port >= config->low && port <= config->high &&
	       (!config->protocol || strcmp(e->s_proto, config->protocol) == 0);
}

static void add_row(void *arg, const struct servent *e)
{
	struct entry_query *q = arg;
	uint16_t port = ntohs((uint16_t)e->s_port);

	if (passes(q->config, e, port))
		rows_add(&q->rows, F_STR("name", e->s_name), F_LIST("aliases", e->s_aliases),
			F_UINT("port", port), F_STR("protocol", e->s_proto),
			F_STR("class", class_of(port)));
}

static int list(struct entry_query *q)
{
	return services_list(add_row, q);
}

static int find(struct entry_query *q, const char *word)
{
	const struct services_config *config = q->config;

	return services_find(word, config->protocol, add_row, q) ? 0 : -ENOENT;
}

// The protocols that services have, and the one of them that was probably meant.
struct protocols {
	struct suggestion near;
	struct str names; // with blanks between
};

static void add_protocol(void *arg, const struct servent *e)
{
	struct protocols *p = arg;

	if (opt_words_have(str_c(&p->names), e->s_proto))
		return;
	str_addf(&p->names, "%s%s", p->names.len ? " " : "", e->s_proto);
	suggestion_offer(&p->near, e->s_proto, (char *const[]){NULL});
}

static void protocols_init(struct protocols *p, const char *word)
{
	*p = (struct protocols){0};
	suggestion_init(&p->near, word, strlen(word));
	services_list(add_protocol, p);
}

static void protocols_fini(struct protocols *p)
{
	suggestion_fini(&p->near);
	str_fini(&p->names);
}

// A protocol that no service has.
static bool explain_protocol(const char *word, struct str *why)
{
	struct protocols p;
	bool is_unknown;

	protocols_init(&p, word);
	is_unknown = !opt_words_have(str_c(&p.names), word);
	if (is_unknown) {
		str_add(why, "no service over '");
		str_add_word(why, word, strlen(word));
		str_addf(why, p.near.best ? "'; did you mean '%s'?" : "'; they are over %s",
			p.near.best ? p.near.best : str_c(&p.names));
	}
	protocols_fini(&p);
	return is_unknown;
}

// A protocol in the place of a service: "tcp", "tcp/80".
static bool explain_place(const char *name, const char *rest, struct str *why)
{
	struct protocols p;

	protocols_init(&p, name);
	if (opt_words_have(str_c(&p.names), name)) {
		str_add(why, "no such service; ");
		str_add(why, rest ? "write " : "use --proto ");
		str_add_word(why, rest ? rest : "", rest ? strlen(rest) : 0);
		str_addf(why, rest ? "/%s" : "%s", name);
	}
	protocols_fini(&p);
	return why->len;
}

// The entries of a name or a port that was not found as it was meant.
struct candidates {
	const struct services_config *config;
	const char *protocol; // that was asked for, or NULL
	struct str other; // the first protocol beside it
	bool is_filtered; // --range leaves one out
};

static void add_candidate(void *arg, const struct servent *e)
{
	struct candidates *c = arg;

	if (c->protocol && strcmp(e->s_proto, c->protocol) != 0 && !c->other.len)
		str_add(&c->other, e->s_proto);
	else if (!c->protocol || strcmp(e->s_proto, c->protocol) == 0)
		c->is_filtered = true;
}

// What may have been meant by a word of digits: "80-90", "80,443".
static bool explain_ports(const char *word, struct str *why)
{
	uint16_t low;
	uint16_t high;

	if (parse_ports(word, &low, &high) == 0 && strchr(word, '-'))
		str_addf(why, "no such service; use '--range %u-%u'", low, high);
	else if (strchr(word, ',') && !word[strspn(word, "0123456789,")])
		str_add(why, "no such service; write the ports with blanks between");
	return why->len;
}

static bool explain(const struct entry_query *q, const char *word, struct str *why)
{
	struct candidates c = {.config = q->config};
	const char *slash = word ? strchr(word, '/') : NULL;
	char *name;

	c.protocol = slash ? slash + 1 : c.config->protocol;
	if (!word)
		return c.protocol && explain_protocol(c.protocol, why);
	name = xstrndup(word, strcspn(word, "/"));
	services_find(name, NULL, add_candidate, &c);
	if (c.is_filtered)
		str_add(why, "no such service in the range of --range");
	else if (c.other.len)
		str_addf(why, "no such service; did you mean '%s/%s'?", name, str_c(&c.other));
	else if (!explain_ports(word, why))
		explain_place(name, slash ? slash + 1 : NULL, why);
	free(name);
	str_fini(&c.other);
	return why->len;
}

static const struct database database = {
	.entry = "service",
	.file = "/etc/services",
	.package = "netbase",
	.columns = columns,
	.list = list,
	.find = find,
	.offer = services_suggest,
	.explain = explain,
	.hold = services_hold,
	.release = services_release,
};

static int check_range(struct services_config *config, struct str *err)
{
	if (!config->range)
		return 0;
	for (size_t i = 0; i < ARRAY_SIZE(classes); i++) {
		if (strcmp(config->range, classes[i].name) == 0) {
			config->low = classes[i].low;
			config->high = classes[i].high;
			return 0;
		}
	}
	if (parse_ports(config->range, &config->low, &config->high) == 0)
		return 0;
	return bad_value(err, "--range", config->range,
		"is no range of ports from 0 to 65535, such as 1-1023, nor well-known, "
		"registered or dynamic");
}

static int check_word(const struct services_config *config, const char *word, struct str *err)
{
	size_t len = strcspn(word, "/");
	char *name = xstrndup(word, len);
	uint64_t port = 0;
	int r = parse_uint(name, &port);

	free(name);
	if (r == -ERANGE || port > UINT16_MAX) {
		str_add(err, "port ");
		return bad_word(err, word, "is out of range: 0 to 65535");
	}
	if (word[len] && config->protocol && strcmp(word + len + 1, config->protocol) != 0) {
		return bad_word(err, word, "names another protocol than --proto; give one of them");
	}
	return 0;
}

static int check(void *arg, int argc, char **argv, struct str *err)
{
	struct services_config *config = arg;
	int r = check_range(config, err);

	for (int i = 0; i < argc && r == 0; i++)
		r = check_word(config, argv[i], err);
	return r;
}

static int run(struct app *app, void *config, int argc, char **argv)
{
	return database_run(app, &database, config, argc, argv);
}

static const char *const examples[] = {
	"sockctl services http          # the port of a service",
	"sockctl services 53 443/tcp    # the names of ports",
	"sockctl services --range registered --proto udp",
	NULL,
};

const struct cmd cmd_services = {
	.name = "services",
	.summary = "List services and their ports, or look up entries",
	.operands = "[NAME|PORT][/PROTO]...",
	.max_operands = -1,
	.words = "service...",
	.config_size = sizeof(struct services_config),
	.defaults = &defaults,
	.groups = groups,
	.examples = examples,
	.check = check,
	.run = run,
};
