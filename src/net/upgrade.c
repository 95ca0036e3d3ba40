// SPDX-License-Identifier: ISC
#include "net/upgrade.h"

#include "base/mem.h"
#include "base/util.h"
#include "io/timer.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

struct upgrade_chain {
	struct channel *channel;
	struct upgrade plan[UPGRADE_MOST];
	size_t count;
	size_t next; // step that is under way
	void *state; // of it, or NULL
	struct upgrade_outcome outcome;
	struct timer limit; // of all steps
	struct timer step_limit;
	upgrade_fn *done;
	void *data;
};

void upgrade_outcome_fini(struct upgrade_outcome *o)
{
	str_fini(&o->text);
	*o = (struct upgrade_outcome){0};
}

int upgrade_fail(
	struct upgrade_outcome *o, enum upgrade_failure failure, int error, const char *text)
{
	assert(failure != UPGRADE_OK);
	o->failure = failure;
	o->error = error;
	if (text)
		str_add(&o->text, text);
	return UPGRADE_FAILED;
}

static void end_step(struct upgrade_chain *c)
{
	if (c->state)
		c->plan[c->next].kind->destroy(c->state);
	c->state = NULL;
	timer_stop(&c->step_limit);
}

static void begin_step(struct upgrade_chain *c)
{
	const struct upgrade *u = &c->plan[c->next];

	c->state = u->kind->create(u->arg);
	if (u->kind->attach)
		u->kind->attach(c->state, c);
	if (u->kind->limit_ms)
		timer_start(&c->step_limit, u->kind->limit_ms);
}

static void stop(struct upgrade_chain *c)
{
	end_step(c);
	timer_stop(&c->limit);
	channel_want(c->channel, false, false);
}

static void on_event(struct watch *w, unsigned events);

// Waits for what a step wants. Returns 0 or a negative errno.
static int wait_for(struct upgrade_chain *c, unsigned wants)
{
	int r = channel_watch(c->channel, on_event, c);

	if (r == 0)
		watch_want(c->channel->rd, wants & ~(unsigned)UPGRADE_WAIT);
	return r;
}

// Returns true at the end of the chain.
static bool run(struct upgrade_chain *c)
{
	while (c->next < c->count) {
		int r;

		if (!c->state)
			begin_step(c);
		r = c->plan[c->next].kind->step(c->state, &c->channel, &c->outcome);
		if (r > 0 && r & WATCH_READ && c->channel->has_more)
			continue; // poll(2) would not see it
		if (r > 0) {
			r = wait_for(c, (unsigned)r);
			if (r == 0)
				return false;
			upgrade_fail(&c->outcome, UPGRADE_LOCAL, r, NULL);
		}
		if (r < 0) {
			stop(c);
			return true;
		}
		end_step(c);
		c->next++;
	}
	stop(c);
	return true;
}

static void on_event(struct watch *w, unsigned events)
{
	struct upgrade_chain *c = w->data;

	(void)events;
	if (run(c))
		c->done(c, c->data);
}

void upgrade_chain_resume(struct upgrade_chain *c)
{
	assert(c->state);
	if (run(c))
		c->done(c, c->data);
}

static void on_limit(void *data)
{
	struct upgrade_chain *c = data;
	struct str text = {0};

	assert(c->next < c->count);
	str_addf(&text, "no answer in time during %s", c->plan[c->next].kind->name);
	upgrade_fail(&c->outcome, UPGRADE_TIMEOUT, -ETIMEDOUT, str_c(&text));
	str_fini(&text);
	stop(c);
	c->done(c, c->data);
}

struct upgrade_chain *upgrade_chain_create(struct channel *channel, const struct upgrade_options *o)
{
	struct upgrade_chain *c = xcalloc(1, sizeof(*c));

	assert(channel && o->loop && o->done);
	assert(o->count <= UPGRADE_MOST);
	c->channel = channel;
	c->count = o->count;
	c->done = o->done;
	c->data = o->data;
	for (size_t i = 0; i < o->count; i++)
		c->plan[i] = o->plan[i];
	timer_init(&c->limit, o->loop, on_limit, c);
	timer_init(&c->step_limit, o->loop, on_limit, c);
	if (o->limit_ms)
		timer_start(&c->limit, o->limit_ms);
	return c;
}

bool upgrade_chain_start(struct upgrade_chain *c)
{
	assert(c->next == 0 && !c->state);
	return run(c);
}

const struct upgrade_outcome *upgrade_chain_outcome(const struct upgrade_chain *c)
{
	return &c->outcome;
}

size_t upgrade_chain_steps(const struct upgrade_chain *c)
{
	return c->next;
}

// Whoever takes the channel over finds the error when it looks.
static void on_error_between(struct watch *w, unsigned events)
{
	(void)w;
	(void)events;
}

struct channel *upgrade_chain_take(struct upgrade_chain *c)
{
	struct channel *channel = c->channel;

	assert(c->channel && (c->outcome.failure || c->next == c->count));
	// The watch would go on to tell this chain of errors.
	if (c->outcome.failure)
		channel_unwatch(channel);
	else if (channel->rd)
		channel_watch(channel, on_error_between, NULL);
	c->channel = NULL;
	return channel;
}

void upgrade_chain_destroy(struct upgrade_chain *c)
{
	if (!c)
		return;
	end_step(c);
	timer_fini(&c->limit);
	timer_fini(&c->step_limit);
	channel_destroy(c->channel);
	upgrade_outcome_fini(&c->outcome);
	free(c);
}
