// SPDX-License-Identifier: ISC
#include "opts/endpoint_lookup.h"

#include "net/addr/ports.h"
#include "opts/connecting.h"

#include <netdb.h>

static int fail(struct endpoint_lookup *l, int code, int error)
{
	int status = lookup_is_not_found(code) ? STATUS_NOT_FOUND : STATUS_NAME_SERVICE;

	if (code == EAI_SYSTEM && error)
		return app_fail(l->app, status, l->endpoint->name, error);

	struct str reason = {0};

	connecting_add_lookup_failure(&reason, l->endpoint->service, l->family, code);
	app_failf(l->app, status, l->endpoint->name, "%s", str_c(&reason));
	str_fini(&reason);
	return status;
}

static void on_answer(void *data, int code, int error, struct address_list list)
{
	struct endpoint_lookup *l = data;

	l->lookup = NULL;
	if (code) {
		fail(l, code, error);
		app_stop(l->app);
	} else {
		l->cb(l->data, &list);
	}
}

int endpoint_lookup_start(struct endpoint_lookup *l)
{
	const struct endpoint *p = l->endpoint;
	struct addrinfo hints = {
		.ai_family = l->family,
		.ai_socktype = l->type,
		.ai_flags = l->flags | (is_port_number(p->service, 0) ? AI_NUMERICSERV : 0),
	};
	struct address_list list;
	int code;
	int error;

	if (lookup_numeric(p->host, p->service, l->family, l->flags & AI_PASSIVE, &code, &list)) {
		if (code)
			return fail(l, code, 0);
		l->cb(l->data, &list);
		return 0;
	}
	l->lookup = lookup_start(&l->app->loop, p->host, p->service, &hints, on_answer, l, &error);
	return l->lookup ? 0 : app_fail(l->app, STATUS_LOCAL, p->name, error);
}
