// SPDX-License-Identifier: ISC
// sockctl hosts: the database of hosts, whole or looked up. See sockctl-hosts(1).
#include "app.h"
#include "base/sockaddr.h"
#include "reference/entries.h"
#include "net/names/database.h"
#include "net/names/hosts_file.h"
#include "net/addr/ip.h"
#include "net/addr/endpoint.h"

#include <errno.h>
#include <string.h>

struct hosts_config {
	struct common_config common;
	bool ipv4, ipv6;
};

static const struct opt opts[] = {
	{"ipv4", '4', OPT_FLAG, OPT_AT(struct hosts_config, ipv4, bool), "", "use IPv4 only"},
	{"ipv6", '6', OPT_FLAG, OPT_AT(struct hosts_config, ipv6, bool), "", "use IPv6 only",
		.not_with = "ipv4"},
	{""},
};

static const struct opt_group groups[] = {{"Choosing", opts, 0}, COMMON_GROUP, {0}};

static const struct rows_column columns[] = {
	{"ADDRESS", "{address}"}, {"NAME", "{name}"}, {"ALIASES", "{aliases}"}, {0}};

static int family_of(const struct hosts_config *config)
{
	return config->ipv4 ? AF_INET : config->ipv6 ? AF_INET6 : AF_UNSPEC;
}

static void add_row(void *arg, const struct hostent *e)
{
	struct entry_query *q = arg;
	int family = family_of(q->config);

	if (family != AF_UNSPEC && family != e->h_addrtype)
		return;
	for (char **address = e->h_addr_list; *address; address++) {
		struct ip ip = {.family = e->h_addrtype};
		struct str text = {0};

		memcpy(ip.bytes, *address, ip_bits(ip.family) / 8);
		str_add_ip(&text, &ip);
		rows_add(&q->rows, F_STR("name", e->h_name), F_LIST("aliases", e->h_aliases),
			F_STR("address", str_c(&text)),
			F_STR("family", ip.family == AF_INET6 ? "inet6" : "inet"));
		str_fini(&text);
	}
}

static int list(struct entry_query *q)
{
	return hosts_list(add_row, q);
}

static int find(struct entry_query *q, const char *word)
{
	return hosts_find(word, family_of(q->config), add_row, q);
}

static void on_entry(void *arg, const struct hostent *e)
{
	suggestion_offer(arg, e->h_name, e->h_aliases);
}

static int offer(struct suggestion *s)
{
	return hosts_list(on_entry, s);
}

static const struct database database = {
	.entry = "host",
	.file = HOSTS_FILE,
	.package = "netbase",
	.columns = columns,
	.list = list,
	.find = find,
	.offer = offer,
	.hold = hosts_hold,
	.release = hosts_release,
};

static int check(void *config, int argc, char **argv, struct str *err)
{
	int r = 0;

	(void)config;
	for (int i = 0; i < argc && r == 0; i++)
		r = check_host(argv[i], err);
	return r;
}

static int run(struct app *app, void *config, int argc, char **argv)
{
	return database_run(app, &database, config, argc, argv);
}

static const char *const examples[] = {
	"sockctl hosts              # the hosts that this one knows by itself",
	"sockctl hosts localhost    # the addresses of a host",
	"sockctl hosts 127.0.0.1    # the host of an address",
	NULL,
};

const struct cmd cmd_hosts = {
	.name = "hosts",
	.summary = "List the hosts database, or look up entries",
	.operands = "[NAME|ADDRESS]...",
	.words = "host...",
	.max_operands = -1,
	.config_size = sizeof(struct hosts_config),
	.groups = groups,
	.examples = examples,
	.check = check,
	.run = run,
};
