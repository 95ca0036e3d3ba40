// SPDX-License-Identifier: ISC
#include "net/scan/target.h"

#include "base/mem.h"
#include "base/util.h"
#include "net/names/interleave.h"
#include "sys/trace.h"

#include <errno.h>
#include <stdlib.h>

static void look_up(struct scan_target *t);

static void finish(struct scan_target *t)
{
	if (t->lookup)
		lookup_cancel(t->lookup);
	t->lookup = NULL;
	timer_stop(&t->timer);
	t->options.done(t); // may free it
}

static void succeed(struct scan_target *t, struct address_list list)
{
	interleave_families(&list);
	list.count = MIN(list.count, DIAL_MAX_ADDRESSES);
	t->addresses = list;
	t->outcome = (struct dial_outcome){.failure = DIAL_OK};
	finish(t);
}

static void try_failed(struct scan_target *t, enum dial_failure failure, int code, int error)
{
	const struct dial_options *o = t->options.dial;

	t->outcome = (struct dial_outcome){.failure = failure, .code = code, .error = error};
	t->tries++;
	if (t->tries > o->retries || dial_is_hopeless(o, &t->outcome)) {
		finish(t);
		return;
	}
	// A look-up that is under way serves the next try too.
	timer_start(&t->timer, o->retry_delay_ms + (t->lookup ? o->connect_timeout_ms : 0));
	t->options.on_retry(t);
}

static const char *next_service(const struct scan_target *t)
{
	const struct strlist *names = &t->options.ports->services;

	return t->resolved < names->count ? names->items[t->resolved] : NULL;
}

static void on_lookup(void *data, int code, int error, struct address_list list)
{
	struct scan_target *t = data;
	const char *service = next_service(t);

	t->is_resolved = t->lookup;
	t->lookup_ns = t->lookup ? trace_now() - t->asked : 0;
	t->lookup = NULL;
	t->service = code ? service : NULL;
	if (code == 0 && list.count && !service) {
		succeed(t, list);
		return;
	}
	if (code == 0 && list.count) {
		ports_add(&t->ports, sockaddr_port(&list.items[0]), sockaddr_port(&list.items[0]));
		t->resolved++;
		look_up(t);
	} else if (code == 0 || lookup_is_not_found(code)) {
		try_failed(t, DIAL_NOT_FOUND, code, 0);
	} else {
		try_failed(t, DIAL_NAME_SERVICE, code, code == EAI_SYSTEM ? error : 0);
	}
	address_list_fini(&list);
}

// Looks up the services, and the host at last.
static void look_up(struct scan_target *t)
{
	struct addrinfo hints = dial_hints(t->options.dial);
	struct endpoint host = *t->options.endpoint;
	const char *service = next_service(t);
	const struct lookup_words words = {NULL, service, hints};
	int r;

	t->asked = trace_now();
	host.service = (char *)"0"; // the ports come to each address later
	if (t->options.dial->connect_timeout_ms)
		timer_start(&t->timer, t->options.dial->connect_timeout_ms);
	r = service ? lookup_host(t->loop, &words, on_lookup, t, &t->lookup)
		    : lookup_endpoint(t->loop, &host, &hints, on_lookup, t, &t->lookup);
	if (r < 0)
		try_failed(t, DIAL_LOCAL, 0, r);
}

static void on_timer(void *data)
{
	struct scan_target *t = data;

	if (t->lookup)
		try_failed(t, DIAL_TIMEOUT, 0, -ETIMEDOUT);
	else
		look_up(t);
}

struct scan_target *scan_target_create(uv_loop_t *loop, const struct scan_target_options *options)
{
	struct scan_target *t = xcalloc(1, sizeof(*t));

	*t = (struct scan_target){.options = *options, .loop = loop};
	for (size_t i = 0; i < options->ports->range_count; i++)
		ports_add(&t->ports, options->ports->ranges[i].low, options->ports->ranges[i].high);
	timer_init(&t->timer, loop, on_timer, t);
	timer_start(&t->timer, 0);
	return t;
}

void scan_target_destroy(struct scan_target *t)
{
	if (!t)
		return;
	if (t->lookup)
		lookup_cancel(t->lookup);
	timer_fini(&t->timer);
	address_list_fini(&t->addresses);
	ports_fini(&t->ports);
	free(t);
}
