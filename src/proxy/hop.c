// SPDX-License-Identifier: ISC
#include "proxy/hop.h"

#include "base/mem.h"
#include "base/value.h"
#include "net/addr/ports.h"
#include "net/names/lookup.h"
#include "proxy/carry.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

// One run of the step.
struct hop_run {
	struct proxy_step *step;
	struct upgrade_chain *chain;
	struct lookup *lookup; // under way, or NULL
	bool is_looked_up;
	int code, error; // of the look-up
	struct address_list addresses;
	bool has_begun;
	struct str notes;
	union proxy_dialogue d;
};

static void *create(void *arg)
{
	struct hop_run *r = xcalloc(1, sizeof(*r));

	r->step = arg;
	return r;
}

static void attach(void *state, struct upgrade_chain *c)
{
	struct hop_run *r = state;

	r->chain = c;
}

static void destroy(void *state)
{
	struct hop_run *r = state;

	if (r->lookup)
		lookup_cancel(r->lookup);
	if (r->has_begun)
		dialogue_fini(&r->d.dialogue);
	address_list_fini(&r->addresses);
	str_fini(&r->notes);
	free(r);
}

static void on_lookup(void *data, int code, int error, struct address_list list)
{
	struct hop_run *r = data;
	bool was_waiting = r->lookup;

	r->is_looked_up = true;
	r->code = code;
	r->error = error;
	r->addresses = list;
	r->lookup = NULL;
	if (was_waiting)
		upgrade_chain_resume(r->chain);
}

// True if something about the target has to be asked for here: its address, or the number of a
// service.
static bool needs_lookup(const struct proxy_step *s)
{
	struct sockaddr_any ignored;

	return !is_port_number(s->to->service, 0) ||
	       (!s->hop->asks_names && s->to->host && !numeric_address(s->to->host, 0, &ignored));
}

// Returns 0 or a negative errno.
static int look_up(struct hop_run *r)
{
	const struct proxy_step *s = r->step;
	enum proxy_scheme scheme = s->hop->url.scheme;
	const struct lookup_words words = {
		// A proxy that looks the host up still needs a number for the port.
		.host = s->hop->asks_names ? "127.0.0.1" : s->to->host,
		.service = s->to->service,
		.hints = {.ai_family = scheme == PROXY_SOCKS4 || scheme == PROXY_SOCKS4A
					       ? AF_INET
					       : AF_UNSPEC,
			.ai_socktype = SOCK_STREAM,
			.ai_flags = s->numeric ? AI_NUMERICHOST : 0},
	};

	return lookup_host(s->loop, &words, on_lookup, r, &r->lookup);
}

static void set_target(struct hop_run *r, struct proxy_target *t)
{
	const struct proxy_step *s = r->step;
	uint64_t port = 0;

	if (r->addresses.count)
		port = sockaddr_port(&r->addresses.items[0]);
	else
		parse_uint(s->to->service, &port);
	proxy_target_init(t, s->to, (uint16_t)port);
	if (r->addresses.count && !s->hop->asks_names)
		t->address = r->addresses.items[s->next % r->addresses.count];
}

static int fail_lookup(struct hop_run *r, struct upgrade_outcome *o)
{
	bool is_unknown = lookup_is_not_found(r->code);
	struct str text = {0};

	str_addf(&text, "%s: %s", r->step->to->name, lookup_strerror(r->code));
	upgrade_fail(
		o, is_unknown ? UPGRADE_NOT_FOUND : UPGRADE_NAME_SERVICE, r->error, str_c(&text));
	str_fini(&text);
	return UPGRADE_FAILED;
}

static void tell(struct hop_run *r)
{
	char *line = r->notes.data;

	for (char *end; line && (end = strchr(line, '\n')); line = end + 1) {
		*end = '\0';
		r->step->note(r->step->data, r->step, line);
	}
	str_clear(&r->notes);
}

// What a failure of the dialogue is to the connection.
static int fail_dialogue(struct hop_run *r, struct upgrade_outcome *o)
{
	static const enum upgrade_failure failures[] = {
		[PROXY_USAGE] = UPGRADE_REFUSED,
		[PROXY_TARGET] = UPGRADE_UNREACHABLE,
		[PROXY_TIMEOUT] = UPGRADE_TIMEOUT,
		[PROXY_BROKEN] = UPGRADE_BROKEN,
		[PROXY_REFUSED] = UPGRADE_REFUSED,
	};
	const struct proxy_failure *f = &r->d.dialogue.failure;
	struct str text = {0};

	str_addf(&text, "proxy %s %s", r->step->hop->url.name, str_c(&f->text));
	upgrade_fail(o, failures[f->fault], 0, str_c(&text));
	str_fini(&text);
	o->is_hopeless = f->hopeless;
	// The proxy may reach another address of the name that was looked up here.
	o->is_again = f->other_address && !r->step->hop->asks_names &&
		      r->step->next + 1 < r->addresses.count;
	r->step->next = o->is_again ? r->step->next + 1 : 0;
	return UPGRADE_FAILED;
}

// Begins the dialogue once all is known for it. Returns as a step does; UPGRADE_DONE goes on.
static int begin(struct hop_run *r, struct upgrade_outcome *o)
{
	struct proxy_target target;
	int error;

	if (!r->is_looked_up && needs_lookup(r->step)) {
		error = r->lookup ? 0 : look_up(r);
		if (error)
			return upgrade_fail(o, UPGRADE_LOCAL, error, NULL);
		if (!r->is_looked_up)
			return UPGRADE_WAIT;
	}
	if (r->code)
		return fail_lookup(r, o);
	set_target(r, &target);
	r->has_begun = true;
	return proxy_hop_begin(r->step->hop, &target, r->step->note ? &r->notes : NULL, &r->d) ==
			       DIALOGUE_FAILED
		       ? fail_dialogue(r, o)
		       : UPGRADE_DONE;
}

static int step(void *state, struct channel **channel, struct upgrade_outcome *o)
{
	struct hop_run *r = state;
	unsigned wants = 0;
	enum dialogue_step d;
	int begun = r->has_begun ? UPGRADE_DONE : begin(r, o);

	if (begun != UPGRADE_DONE)
		return begun;
	d = dialogue_carry(&r->d.dialogue, *channel, &wants);
	if (r->step->note)
		tell(r);
	switch (d) {
	case DIALOGUE_MORE:
		return (int)wants;
	case DIALOGUE_DONE:
		return UPGRADE_DONE;
	case DIALOGUE_AGAIN:
		o->is_again = true;
		return upgrade_fail(o, UPGRADE_REFUSED, 0, "the proxy wants credentials");
	case DIALOGUE_FAILED:
		break;
	}
	return fail_dialogue(r, o);
}

const struct upgrade_kind proxy_upgrade = {.name = "the dialogue with the proxy",
	.create = create,
	.attach = attach,
	.step = step,
	.destroy = destroy};
