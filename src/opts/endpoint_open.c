// SPDX-License-Identifier: ISC
#include "opts/endpoint_open.h"

#include "opts/connecting.h"

static int fail(struct endpoint_open *o, int code, int error)
{
	int status = lookup_is_not_found(code) ? STATUS_NOT_FOUND : STATUS_NAME_SERVICE;

	if (code == EAI_SYSTEM && error)
		return app_fail(o->app, status, o->endpoint->name, error);

	struct str reason = {0};

	connecting_add_lookup_failure(&reason, o->endpoint, o->family, code);
	app_failf(o->app, status, o->endpoint->name, "%s", str_c(&reason));
	str_fini(&reason);
	return status;
}

static void on_answer(void *data, int code, int error, struct address_list list)
{
	struct endpoint_open *o = data;
	bool is_late = o->lookup;

	o->lookup = NULL;
	o->status = code ? fail(o, code, error) : o->on_addresses(o->data, &list);
	address_list_fini(&list);
	if (is_late && o->status) {
		app_fail_quietly(o->app, o->status);
		app_stop(o->app);
	}
}

int endpoint_open(struct endpoint_open *o)
{
	const struct addrinfo hints = {
		.ai_family = o->family, .ai_socktype = o->type, .ai_flags = o->flags};
	int r;

	switch (o->endpoint->kind) {
	case ENDPOINT_FD:
		return o->on_descriptor(o->data, o->endpoint->fd);
	case ENDPOINT_INET:
	case ENDPOINT_UNIX:
		break;
	}
	r = lookup_endpoint(&o->app->loop, o->endpoint, &hints, on_answer, o, &o->lookup);
	return r < 0 ? app_fail(o->app, STATUS_LOCAL, o->endpoint->name, r) : o->status;
}
