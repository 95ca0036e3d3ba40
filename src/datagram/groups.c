// SPDX-License-Identifier: ISC
#include "datagram/groups.h"

#include "base/mem.h"
#include "base/strlist.h"
#include "net/addr/interfaces.h"

#include <errno.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>

static int fail_interface(struct app *app, const char *word)
{
	struct str why = {0};

	str_add(&why, "there is no such network interface");
	str_add_interfaces(&why);
	app_failf(app, STATUS_USAGE, word, "%s", str_c(&why));
	str_fini(&why);
	return STATUS_USAGE;
}

int groups_parse(
	struct groups *g, struct app *app, const struct strlist *words, const char *interface)
{
	g->items = xcalloc(words->count, sizeof(*g->items));
	for (; g->count < words->count; g->count++) {
		const char *word = words->items[g->count];
		struct membership *m = &g->items[g->count];
		int error = membership_parse(m, word);

		if (error == -ENODEV)
			return fail_interface(app, word);
		if (error < 0)
			return app_failf(app, STATUS_USAGE, word,
				"no multicast group; write ADDRESS[%%INTERFACE][,SOURCE]");
		membership_default_interface(m, interface);
	}
	return 0;
}

void groups_fini(struct groups *g)
{
	free(g->items);
	*g = (struct groups){0};
}

void groups_report(struct app *app, const struct membership *m)
{
	char interface[IF_NAMESIZE] = "";
	struct sockaddr_any group;
	struct str name = {0};

	if (!report_wants(&app->out, &ev_member))
		return;
	membership_group(m, &group);
	str_add_sockaddr_host(&name, &group.sa, group.len);
	if (membership_interface(m, interface))
		report(&app->out, &ev_member, F_STR("multicast", str_c(&name)),
			F_STR("interface", interface));
	str_fini(&name);
}

static bool is_of_route(int error)
{
	return error == -ENODEV || error == -ENETUNREACH || error == -EADDRNOTAVAIL;
}

bool groups_lack_interface(const struct sockaddr_any *to, int error)
{
	return is_multicast(to) && is_of_route(error);
}

int groups_fail(struct app *app, const char *name, int error)
{
	struct str message = {0};

	str_add(&message, strerror(-error));
	if (is_of_route(error))
		str_add(&message, "; " GROUP_REMEDY);
	report_error(&app->out, STATUS_CONNECT, name, str_c(&message), error);
	str_fini(&message);
	return app_fail_quietly(app, STATUS_CONNECT);
}
