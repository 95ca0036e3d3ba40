// SPDX-License-Identifier: ISC
#include "tls/upgrade.h"

#include "base/mem.h"
#include "tls/channel.h"
#include "tls/handshake.h"

#include <errno.h>
#include <stdlib.h>

struct tls_run {
	const struct tls_plan *plan;
	struct upgrade_chain *chain;
	struct turn turn;
	bool is_expected; // of a server: something has come
	bool has_turn;
	struct tls *tls; // NULL before the first step and once the channel has it
	struct handshake handshake;
};

static void *create(void *arg)
{
	struct tls_run *run = xcalloc(1, sizeof(*run));

	run->plan = arg;
	return run;
}

static void attach(void *state, struct upgrade_chain *chain)
{
	struct tls_run *run = state;

	run->chain = chain;
}

static void destroy(void *state)
{
	struct tls_run *run = state;

	turn_leave(&run->turn);
	handshake_fini(&run->handshake);
	tls_destroy(run->tls);
	free(run);
}

static enum upgrade_failure kind_of(const struct tls_failure *f)
{
	if (f->kind == TLS_FAIL_LOCAL)
		return UPGRADE_LOCAL;
	return tls_failure_may_pass(f) ? UPGRADE_BROKEN : UPGRADE_TLS;
}

static int fail(const struct tls_run *run, int error, struct upgrade_outcome *outcome)
{
	const struct tls_failure *f = tls_failure(run->tls);

	outcome->is_hopeless = !tls_failure_may_pass(f);
	if (run->plan->place & TLS_WITH_PROXY)
		str_addf(&outcome->text, "proxy %s: ", run->plan->proxy);
	return upgrade_fail(
		outcome, kind_of(f), f->kind == TLS_FAIL_ERRNO ? error : 0, str_c(&f->text));
}

static void on_turn(void *data)
{
	struct tls_run *run = data;

	run->has_turn = true;
	upgrade_chain_resume(run->chain);
}

// A server does nothing for a client that says nothing, and a bit in each turn for all others.
// Returns what the step waits for; 0: it may go on.
static int await_turn(struct tls_run *run)
{
	if (!run->is_expected) {
		run->is_expected = true;
		return WATCH_READ;
	}
	if (!run->has_turn && !turn_take(run->plan->turns, &run->turn, on_turn, run))
		return UPGRADE_WAIT;
	run->has_turn = false;
	return 0;
}

static int step(void *state, struct channel **channel, struct upgrade_outcome *outcome)
{
	struct tls_run *run = state;
	const struct tls_plan *plan = run->plan;
	int r = plan->turns ? await_turn(run) : 0;

	if (r)
		return r;
	if (!run->tls) {
		run->tls = tls_create(*plan->context, channel_socket(*channel), plan->name);
		if (channel_splice_source(*channel) < 0) // not the bytes of the socket
			tls_set_below(run->tls, *channel);
		handshake_init(&run->handshake, run->tls, plan->protocol, plan->is_check);
	}
	r = handshake_step(&run->handshake);
	if (r == -EAGAIN)
		return (int)handshake_wants(&run->handshake);
	if (plan->told)
		plan->told(plan->data, run->tls, r == 0);
	if (r < 0)
		return fail(run, r, outcome);
	*channel = channel_create_tls(*channel, run->tls);
	run->tls = NULL;
	channel_tls_set_place(*channel, plan->place);
	return UPGRADE_DONE;
}

const struct upgrade_kind tls_upgrade = {.name = "the TLS handshake",
	.create = create,
	.attach = attach,
	.step = step,
	.destroy = destroy};
