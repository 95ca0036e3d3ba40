// SPDX-License-Identifier: ISC
// sockctl networks: the database of networks, whole or looked up. See sockctl-networks(1).
#include "app.h"
#include "base/sockaddr.h"
#include "reference/entries.h"
#include "net/names/database.h"

#include <arpa/inet.h>
#include <errno.h>

struct networks_config {
	struct common_config common;
};

static const struct opt_group groups[] = {COMMON_GROUP, {0}};

static const struct rows_column columns[] = {
	{"NAME", "{name}"}, {"ADDRESS", "{address}"}, {"ALIASES", "{aliases}"}, {0}};

static void add_row(void *arg, const struct netent *e)
{
	struct entry_query *q = arg;
	struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr = {htonl(e->n_net)}};
	struct str address = {0};

	str_add_sockaddr_host(&address, (const struct sockaddr *)&in, sizeof(in));
	rows_add(&q->rows, F_STR("name", e->n_name), F_LIST("aliases", e->n_aliases),
		F_STR("address", str_c(&address)), F_STR("family", "inet"),
		F_UINT("number", e->n_net));
	str_fini(&address);
}

static int list(struct entry_query *q)
{
	return networks_list(add_row, q);
}

static int find(struct entry_query *q, const char *word)
{
	return networks_find(word, add_row, q) ? 0 : -ENOENT;
}

static void on_entry(void *arg, const struct netent *e)
{
	suggestion_offer(arg, e->n_name, e->n_aliases);
}

static int offer(struct suggestion *s)
{
	return networks_list(on_entry, s);
}

static const struct database database = {
	.entry = "network",
	.file = "/etc/networks",
	.package = "netbase",
	.columns = columns,
	.list = list,
	.find = find,
	.offer = offer,
	.hold = networks_hold,
	.release = networks_release,
};

static int run(struct app *app, void *config, int argc, char **argv)
{
	return database_run(app, &database, config, argc, argv);
}

static const char *const examples[] = {
	"sockctl networks loopback     # the number of a network",
	"sockctl networks 169.254.0.0  # the name of a network",
	NULL,
};

const struct cmd cmd_networks = {
	.name = "networks",
	.summary = "List networks and their numbers, or look up entries",
	.operands = "[NAME|NUMBER]...",
	.words = "network...",
	.max_operands = -1,
	.config_size = sizeof(struct networks_config),
	.groups = groups,
	.examples = examples,
	.run = run,
};
