// SPDX-License-Identifier: ISC
#include "session/arriving.h"

#include "base/mem.h"
#include "base/util.h"
#include "proxy/header_upgrade.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define MOST_PER_ADDRESS 64
#define MOST_REFUSED 64 // that are waited for
#define HEARING_MS 1000 // for what a client was refused for
#define GRACE_MS 250 // that each has before it gives way to another

static void on_room(void *data)
{
	struct arriving *a = data;

	a->options.has_room(a);
}

void arriving_init(struct arriving *a, const struct arriving_options *options)
{
	assert(options->loop && options->arrived && options->failed && options->has_room);
	*a = (struct arriving){.options = *options};
	list_init(&a->list);
	list_init(&a->refused);
	timer_init(&a->room, options->loop, on_room, a);
}

bool arriving_is_needed(const struct arriving *a)
{
	return a->options.accepts_proxy || a->options.tls;
}

static bool is_same_host(const struct sockaddr_any *a, const struct sockaddr_any *b)
{
	struct sockaddr_any x = *a;
	struct sockaddr_any y = *b;

	sockaddr_set_port(&x, 0);
	sockaddr_set_port(&y, 0);
	return sockaddr_equal(&x, &y);
}

// It counts no more.
static void leave(struct arrival *x)
{
	struct arriving *a = x->arriving;

	list_remove(&x->link);
	a->count--;
	tally_remove(&a->tally, &x->peer);
	a->options.has_room(a);
}

static void free_arrival(struct arrival *x)
{
	closing_destroy(x->closing);
	upgrade_chain_destroy(x->chain);
	proxy_header_fini(&x->header);
	free(x);
}

// It has heard why it was refused, or never will.
static void forget(struct arrival *x)
{
	x->arriving->refused_count--;
	list_remove(&x->link);
	free_arrival(x);
}

void arriving_fini(struct arriving *a)
{
	if (!a->list.next)
		return;
	list_for_each (it, &a->list) {
		struct arrival *x = list_entry(it, struct arrival, link);

		list_remove(&x->link);
		free_arrival(x);
	}
	list_for_each (it, &a->refused)
		forget(list_entry(it, struct arrival, link));
	tally_fini(&a->tally);
	timer_fini(&a->room);
}

static void fail(struct arrival *x, const char *reason)
{
	leave(x);
	x->arriving->options.failed(x, reason);
	free_arrival(x);
}

static void on_closed(void *data, int error)
{
	(void)error;
	forget(data);
}

// The last that was said, an alert, tells the client why: a reset could destroy it.
static void refuse(struct arrival *x, const char *reason)
{
	struct arriving *a = x->arriving;

	leave(x);
	if (a->refused_count >= MOST_REFUSED)
		forget(list_entry(a->refused.next, struct arrival, link));
	list_append(&a->refused, &x->link);
	a->refused_count++;
	x->closing = closing_create(a->options.loop, upgrade_chain_take(x->chain), CLOSING_ORDERLY,
		HEARING_MS, on_closed, x);
	a->options.failed(x, reason);
}

static void judge(struct arrival *x)
{
	const struct upgrade_outcome *o = upgrade_chain_outcome(x->chain);
	const char *name = o->error ? strerrorname_np(-o->error) : NULL;
	struct str reason = {0};

	if (o->failure) {
		str_add(&reason, o->text.len ? str_c(&o->text) : strerror(-o->error));
		if (name)
			str_addf(&reason, " (%s)", name);
		(o->failure == UPGRADE_TLS ? refuse : fail)(x, str_c(&reason));
		str_fini(&reason);
		return;
	}
	leave(x);
	x->arriving->options.arrived(x);
	free_arrival(x);
}

static void on_done(struct upgrade_chain *chain, void *data)
{
	(void)chain;
	judge(data);
}

// Who gives way to another: the oldest that has not completed a step, or the oldest of all if each
// has. OF is whose it has to be, or NULL; then there is one if anybody is arriving.
static struct arrival *find_oldest(const struct arriving *a, const struct sockaddr_any *of)
{
	struct arrival *oldest = NULL;

	list_for_each (it, &a->list) {
		struct arrival *x = list_entry(it, struct arrival, link);
		bool is_new = upgrade_chain_steps(x->chain) == 0;

		if (!oldest && !of)
			oldest = x;
		if (is_new && (!of || is_same_host(&x->peer, of)))
			return x;
	}
	return oldest;
}

// How long the grace of X lasts still.
static uint64_t grace_left(const struct arrival *x)
{
	uint64_t age = uv_now(x->arriving->options.loop) - x->began;

	return age < GRACE_MS ? GRACE_MS - age : 0;
}

static bool is_crowded(const struct arriving *a, const struct sockaddr_any *peer)
{
	return peer->sa.sa_family != AF_UNIX && tally_count(&a->tally, peer) >= MOST_PER_ADDRESS;
}

static bool is_full(const struct arriving *a)
{
	return a->count >= a->options.most;
}

// Many who come at once all have the time for their handshake: those of one address are more than
// others for a moment, and where there is no place the next ones wait to be accepted.
static void make_room(struct arriving *a, const struct sockaddr_any *peer)
{
	struct arrival *oldest = NULL;

	if (is_full(a))
		oldest = find_oldest(a, NULL);
	else if (is_crowded(a, peer))
		oldest = find_oldest(a, peer);
	if (oldest && (is_full(a) || !grace_left(oldest)))
		fail(oldest, "too many others are arriving");
}

bool arriving_has_room(const struct arriving *a)
{
	return !is_full(a) || !grace_left(find_oldest(a, NULL));
}

void arriving_add(struct arriving *a, struct channel *channel, const struct sockaddr_any *peer)
{
	struct arrival *x = xcalloc(1, sizeof(*x));
	struct upgrade plan[UPGRADE_MOST];
	size_t count = 0;

	assert(channel_socket(channel) >= 0);
	make_room(a, peer);
	*x = (struct arrival){.arriving = a, .peer = *peer, .began = uv_now(a->options.loop)};
	if (a->options.accepts_proxy)
		plan[count++] = (struct upgrade){&proxy_header_accept, &x->header};
	if (a->options.tls)
		plan[count++] = (struct upgrade){&tls_upgrade, a->options.tls};
	x->chain = upgrade_chain_create(channel, &(struct upgrade_options){.loop = a->options.loop,
							 .plan = plan,
							 .count = count,
							 .limit_ms = a->options.limit_ms,
							 .done = on_done,
							 .data = x});
	list_append(&a->list, &x->link);
	a->count++;
	tally_add(&a->tally, peer);
	if (!arriving_has_room(a))
		timer_start(&a->room, grace_left(find_oldest(a, NULL)));
	if (upgrade_chain_start(x->chain))
		judge(x);
}

struct channel *arrival_take(struct arrival *a)
{
	return upgrade_chain_take(a->chain);
}
