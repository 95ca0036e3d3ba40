// SPDX-License-Identifier: ISC
#include "opts/confine.h"

#include "net/addr/ports.h"

#include <errno.h>
#include <stdlib.h>

const struct opt confine_opts[] = {
	{"sandbox", 0, OPT_CHOICE, OPT_AT(struct confine_config, when, int), "WHEN",
		"confine the process after setup (seccomp, Landlock): auto (the default), on (fail "
		"if unsupported), off",
		.is_optional = true, .implied = "on", .choices = "auto on off"},
	{""},
};

void str_add_sandbox(struct str *s, const struct sandbox_state *state)
{
	if (state->seccomp)
		str_add(s, "seccomp");
	if (state->seccomp && state->landlock)
		str_add(s, ", ");
	if (state->landlock) {
		str_add(s, "Landlock ");
		str_add_uint(s, (uint64_t)state->landlock);
	}
	if (!state->seccomp && !state->landlock)
		str_add(s, "none");
}

int confine_check_program(const struct confine_config *c, struct str *err)
{
	if (c->when != CONFINE_ON)
		return 0;
	str_add(err, "--sandbox cannot go with --exec or --exec-file: a program is not confined");
	return -EINVAL;
}

void confine_add_target(struct sandbox *s, const struct endpoint *target, bool is_udp)
{
	if (target->kind == ENDPOINT_FD)
		return;
	s->needs |= is_udp ? SANDBOX_DATAGRAMS : SANDBOX_DIAL;
	if (target->kind == ENDPOINT_UNIX)
		return;
	if (is_port_number(target->service, 0))
		s->port = (uint16_t)strtoul(target->service, NULL, 10);
	if (!s->port || endpoint_has_host_name(target))
		s->needs |= SANDBOX_NAMES;
}

unsigned confine_notify_need(void)
{
	const char *name = getenv("NOTIFY_SOCKET");

	return name && name[0] == '@' ? SANDBOX_ABSTRACT : 0;
}

// It goes without saying unless everything is to be said, also in JSON.
static void report_state(struct app *app, const struct sandbox_state *state)
{
	bool is_confined = state->seccomp || state->landlock;
	struct str text = {0};

	if (app->out.level < REPORT_VERBOSE)
		return;
	str_add_sandbox(&text, state);
	report(&app->out, is_confined ? &ev_confined : &ev_unconfined,
		F_STR("sandbox", str_c(&text)));
	str_fini(&text);
}

// Whoever asks for the sandbox is not served with half of it.
static int fail_lacking(struct app *app, const struct sandbox_state *state)
{
	const char *lack = "neither seccomp nor Landlock";

	if (state->seccomp)
		lack = "no Landlock";
	else if (state->landlock)
		lack = "no seccomp";
	return app_failf(app, STATUS_LOCAL, "sandbox",
		"this system or build has %s; --sandbox=auto takes what there is", lack);
}

int confine(struct app *app, const struct confine_config *c, const struct sandbox *s)
{
	struct sandbox wanted = *s;
	struct sandbox_state state;
	int r;

	if (c->when == CONFINE_OFF)
		return 0;
	wanted.is_whole = c->when == CONFINE_ON;
	r = sandbox_enter(&wanted, &state);
	if (r == -EOPNOTSUPP && wanted.is_whole)
		return fail_lacking(app, &state);
	if (r < 0 && r != -EOPNOTSUPP)
		return app_fail(app, STATUS_LOCAL, "sandbox", r);
	report_state(app, &state);
	return 0;
}
