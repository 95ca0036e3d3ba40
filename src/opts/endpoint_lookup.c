// SPDX-License-Identifier: ISC
#include "opts/endpoint_lookup.h"

#include "opts/connecting.h"

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
	const struct addrinfo hints = {
		.ai_family = l->family,
		.ai_socktype = l->type,
		.ai_flags = l->flags,
	};
	int r = lookup_endpoint(&l->app->loop, l->endpoint, &hints, on_answer, l, &l->lookup);

	return r < 0 ? app_fail(l->app, STATUS_LOCAL, l->endpoint->name, r) : 0;
}
