// SPDX-License-Identifier: ISC
#include "net/dial.h"

#include "base/mem.h"
#include "base/util.h"
#include "io/fd.h"
#include "io/watch.h"
#include "net/names/interleave.h"
#include "sys/file.h"
#include "sys/socket.h"
#include "sys/trace.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <stdlib.h>

#define STAGGER_MS 250 // RFC 8305 section 5: Connection Attempt Delay
#define BACKLOG_RETRY_MS 10

// One attempt to connect.
struct dial_socket {
	struct dial *dial;
	int fd; // -1 once it has failed
	uint64_t began;
	uint64_t connected; // when it was, before what follows
	bool is_again; // the attempt has failed before in this try
	struct watch watch;
	struct upgrade_chain *chain; // once it is connected
};

static void close_socket(struct dial_socket *s)
{
	watch_fini(&s->watch);
	if (s->fd >= 0)
		sys_close(s->fd);
	s->fd = -1;
	upgrade_chain_destroy(s->chain);
	s->chain = NULL;
}

static void forget_attempts(struct dial_outcome *o)
{
	for (size_t i = 0; i < o->attempt_count; i++)
		upgrade_outcome_fini(&o->attempts[i].upgrade);
	free(o->attempts);
	o->attempts = NULL;
	o->attempt_count = 0;
}

// Ends the attempts of this try and keeps what they met. A look-up that is under way is of use to
// the next try.
static void end_try(struct dial *d, enum dial_failure failure, int error)
{
	timer_stop(&d->stagger);
	timer_stop(&d->again);
	timer_stop(&d->limit);
	for (size_t i = 0; d->sockets && i < d->now.attempt_count; i++)
		close_socket(&d->sockets[i]);
	free(d->sockets);
	d->sockets = NULL;
	d->pending = 0;
	d->next = 0;
	address_list_fini(&d->addresses);

	forget_attempts(&d->last);
	d->last = d->now;
	d->last.failure = failure;
	d->last.error = error;
	d->now = (struct dial_outcome){0};
}

static void finish(struct dial *d)
{
	if (d->lookup)
		lookup_cancel(d->lookup);
	d->lookup = NULL;
	d->done(d); // may free it
}

static void tell(struct dial *d, enum dial_progress progress, const struct dial_attempt *attempt)
{
	if (d->progress)
		d->progress(d, progress, attempt);
}

bool dial_is_hopeless(const struct dial_options *options, const struct dial_outcome *o)
{
	const struct dial_attempt *a = o->attempt_count ? &o->attempts[o->attempt_count - 1] : NULL;

	// Privileges do not come with time, but addresses and interfaces do.
	if (a && a->step != STEP_CONNECT && (a->error == -EACCES || a->error == -EPERM))
		return true;
	if (a && a->upgrade.is_hopeless)
		return true;
	if (o->failure == DIAL_NOT_FOUND && options->numeric)
		return true;
	return o->failure == DIAL_LOCAL || o->code == EAI_SERVICE || o->code == EAI_ADDRFAMILY;
}

static void fail_try(struct dial *d, enum dial_failure failure, int error)
{
	end_try(d, failure, error);
	d->tries++;
	if (d->tries > d->options.retries || dial_is_hopeless(&d->options, &d->last)) {
		finish(d);
		return;
	}
	timer_start(&d->delay, d->options.retry_delay_ms);
	tell(d, DIAL_RETRY, NULL);
}

static void on_limit(void *data)
{
	struct dial *d = data;

	for (size_t i = 0; i < d->now.attempt_count; i++)
		if (!d->now.attempts[i].error)
			d->now.attempts[i].error = -ETIMEDOUT;
	fail_try(d, DIAL_TIMEOUT, -ETIMEDOUT);
}

static struct dial_attempt *attempt_of(const struct dial_socket *s)
{
	return &s->dial->now.attempts[s - s->dial->sockets];
}

static struct channel *channel_of(const struct dial_socket *s)
{
	const struct dial *d = s->dial;
	int family = attempt_of(s)->address.sa.sa_family;

	if (d->options.create_datagrams)
		return d->options.create_datagrams(d->loop, s->fd, family);
	if (d->endpoint->is_seqpacket)
		return channel_create_socket(d->loop, s->fd, true);
	return channel_create_stream(d->loop, s->fd, family);
}

static int type_of(const struct dial_options *o)
{
	return o->create_datagrams ? SOCK_DGRAM : SOCK_STREAM;
}

static void succeed(struct dial *d, struct dial_socket *s)
{
	d->channel = s->chain ? upgrade_chain_take(s->chain) : channel_of(s);
	d->address = attempt_of(s)->address;
	d->began = s->began;
	d->times.connect = s->connected - s->began;
	d->times.upgrade = s->chain ? trace_now() - s->connected : 0;
	if (d->options.create_datagrams)
		d->untried = address_list_from(&d->addresses, d->next);
	watch_fini(&s->watch);
	s->fd = -1; // the channel's now
	end_try(d, DIAL_OK, 0);
	finish(d);
}

// Keeps why the chain has failed. Returns a negative errno.
static int judge_chain(struct dial_socket *s)
{
	const struct upgrade_outcome *o = upgrade_chain_outcome(s->chain);
	struct dial_attempt *a = attempt_of(s);

	if (o->failure == UPGRADE_OK)
		return 0;
	a->upgrade = *o;
	a->upgrade.text = (struct str){0};
	str_add(&a->upgrade.text, str_c(&o->text));
	return o->error ? o->error : -EPROTO;
}

static void on_upgraded(struct upgrade_chain *chain, void *data);

// The socket is connected. Returns 1 if the connection stands, 0 if something is still to happen on
// it, or a negative errno.
static int upgrade(struct dial *d, struct dial_socket *s)
{
	const struct dial_options *o = &d->options;
	struct channel *channel;
	int r;

	s->connected = trace_now();
	if (!o->upgrade_count)
		return 1;
	watch_fini(&s->watch);
	channel = channel_of(s);
	s->fd = -1;
	s->chain = upgrade_chain_create(channel, &(struct upgrade_options){.loop = d->loop,
							 .plan = o->upgrades,
							 .count = o->upgrade_count,
							 .done = on_upgraded,
							 .data = s});
	if (!upgrade_chain_start(s->chain))
		return 0;
	r = judge_chain(s);
	return r < 0 ? r : 1;
}

// The try has no attempt left that could succeed.
static void fail_all(struct dial *d)
{
	enum dial_failure failure = DIAL_REFUSED;

	for (size_t i = 0; i < d->now.attempt_count; i++) {
		const struct dial_attempt *a = &d->now.attempts[i];

		if (a->upgrade.failure)
			failure = DIAL_UPGRADE;
		else if (a->error == -ETIMEDOUT && failure == DIAL_REFUSED)
			failure = DIAL_TIMEOUT;
	}
	fail_try(d, failure, d->now.attempts[0].error);
}

static void on_ready(struct watch *w, unsigned events);

// Returns 1 if the connection stands, 0 if it is under way, or a negative errno.
static int connect_socket(struct dial *d, struct dial_socket *s, struct dial_attempt *a)
{
	int r;

	s->began = trace_now();
	s->fd = attempt_open(
		&d->options.socket, a->address.sa.sa_family, type_of(&d->options), &a->step);
	if (s->fd < 0)
		return s->fd;
	r = attempt_connect(s->fd, &a->address);
	// The answer of this machine itself is there by now.
	if (r == -EINPROGRESS && fd_is_ready(s->fd, POLLOUT))
		r = attempt_result(s->fd);
	if (r == 0)
		return upgrade(d, s);
	if (r != -EINPROGRESS)
		return r;
	r = watch_init(&s->watch, d->loop, s->fd, 0, on_ready, s);
	if (r == 0)
		watch_want(&s->watch, WATCH_WRITE);
	return r;
}

// Connects to the address of an attempt, as often as what follows wants a new connection to it.
// Returns as connect_socket() does.
static int run_attempt(struct dial *d, size_t index)
{
	struct dial_socket *s = &d->sockets[index];
	struct dial_attempt *a = &d->now.attempts[index];
	int r;

	do {
		upgrade_outcome_fini(&a->upgrade);
		*s = (struct dial_socket){.dial = d, .fd = -1};
		*a = (struct dial_attempt){.address = d->addresses.items[index]};
		r = connect_socket(d, s, a);
		if (r < 0)
			close_socket(s);
	} while (r < 0 && a->upgrade.is_again);
	a->error = MIN(r, 0);
	return r;
}

// Starts with the next address. Returns as connect_socket() does.
static int start_attempt(struct dial *d)
{
	size_t index = d->next++;
	int r;

	d->now.attempt_count = d->next;
	d->now.attempts[index] = (struct dial_attempt){0};
	r = run_attempt(d, index);
	if (r == -EAGAIN && d->addresses.items[index].sa.sa_family == AF_UNIX) {
		// The backlog is full. No event tells when it is not, so ask again.
		d->next = index;
		timer_start(&d->stagger, BACKLOG_RETRY_MS);
		return 0;
	}
	if (r == 0) {
		d->pending++;
		if (d->next < d->addresses.count)
			timer_start(&d->stagger, STAGGER_MS);
	}
	return r;
}

// What has failed is worth another attempt while others are under way, which may hang for long.
static void ask_again_later(struct dial *d)
{
	if (!d->options.retries || timer_is_running(&d->again))
		return;
	for (size_t i = 0; i < d->now.attempt_count; i++)
		if (d->now.attempts[i].error) {
			timer_start(&d->again, d->options.retry_delay_ms);
			return;
		}
}

static void on_again(void *data)
{
	struct dial *d = data;

	for (size_t i = 0; i < d->now.attempt_count; i++) {
		int r;

		if (!d->now.attempts[i].error)
			continue;
		r = run_attempt(d, i);
		d->sockets[i].is_again = true;
		if (r > 0) {
			succeed(d, &d->sockets[i]);
			return;
		}
		if (d->now.attempts[i].upgrade.is_hopeless) {
			fail_try(d, DIAL_UPGRADE, r);
			return;
		}
		d->pending += r == 0;
	}
	ask_again_later(d);
}

// Goes through the addresses until an attempt is under way. What has failed is behind us.
static void start_next(struct dial *d)
{
	timer_stop(&d->stagger);
	while (d->next < d->addresses.count) {
		int r = start_attempt(d);
		struct dial_attempt *a = &d->now.attempts[d->now.attempt_count - 1];

		if (r > 0)
			succeed(d, &d->sockets[d->next - 1]);
		else if (r == 0)
			ask_again_later(d);
		if (r >= 0)
			return;
		if (a->upgrade.is_hopeless) {
			fail_try(d, DIAL_UPGRADE, r);
			return;
		}
		if (a->step == STEP_OPTION && r != -ENOPROTOOPT) {
			// No other address would fare better, but one of the other family may.
			fail_try(d, DIAL_LOCAL, r);
			return;
		}
		if (d->pending || d->next < d->addresses.count)
			tell(d, DIAL_NEXT, a);
	}
	if (!d->pending)
		fail_all(d);
	else
		ask_again_later(d);
}

// An attempt that was under way has failed.
static void fail_attempt(struct dial *d, struct dial_socket *s, int error)
{
	struct dial_attempt *a = attempt_of(s);

	close_socket(s);
	if (a->upgrade.is_again) {
		int r = run_attempt(d, (size_t)(s - d->sockets));

		if (r > 0)
			succeed(d, s);
		if (r >= 0)
			return;
		error = r;
	}
	a->error = error;
	d->pending--;
	if (a->upgrade.is_hopeless) {
		fail_try(d, DIAL_UPGRADE, error);
		return;
	}
	if (!s->is_again && (d->pending || d->next < d->addresses.count))
		tell(d, DIAL_NEXT, a);
	start_next(d); // at once: there is nothing to wait for any more
}

static void on_upgraded(struct upgrade_chain *chain, void *data)
{
	struct dial_socket *s = data;
	int r = judge_chain(s);

	(void)chain;
	if (r < 0)
		fail_attempt(s->dial, s, r);
	else
		succeed(s->dial, s);
}

static void on_ready(struct watch *w, unsigned events)
{
	struct dial_socket *s = w->data;
	struct dial *d = s->dial;
	int r = attempt_result(s->fd);

	(void)events;
	if (r == -EINPROGRESS)
		return;
	if (r == 0)
		r = upgrade(d, s);
	if (r > 0)
		succeed(d, s);
	else if (r < 0)
		fail_attempt(d, s, r);
}

static void on_stagger(void *data)
{
	start_next(data);
}

static void set_addresses(struct dial *d, struct address_list list)
{
	interleave_families(&list);
	list.count = MIN(list.count, DIAL_MAX_ADDRESSES);
	d->addresses = list;
	d->now.attempts = xcalloc(list.count, sizeof(*d->now.attempts));
	d->sockets = xcalloc(list.count, sizeof(*d->sockets));
}

static void on_lookup(void *data, int code, int error, struct address_list list)
{
	struct dial *d = data;
	bool was_asked = d->lookup;

	d->lookup = NULL;
	if (timer_is_running(&d->delay)) {
		// It outlived its try, and by the next one the answer may be another.
		address_list_fini(&list);
		return;
	}
	d->now.code = code;
	if (code == 0 && list.count > 0) {
		set_addresses(d, list);
		d->times.lookup = was_asked ? trace_now() - d->asked : 0;
		if (was_asked)
			tell(d, DIAL_RESOLVED, NULL);
		start_next(d);
		return;
	}
	address_list_fini(&list);
	if (code == 0 || lookup_is_not_found(code))
		fail_try(d, DIAL_NOT_FOUND, 0);
	else
		fail_try(d, DIAL_NAME_SERVICE, code == EAI_SYSTEM ? error : 0);
}

struct addrinfo dial_hints(const struct dial_options *options)
{
	return (struct addrinfo){.ai_family = options->family,
		.ai_socktype = type_of(options),
		.ai_flags = options->numeric ? AI_NUMERICHOST : 0};
}

static void start_try(void *data)
{
	struct dial *d = data;
	struct addrinfo hints = dial_hints(&d->options);
	int r = 0;

	if (d->options.connect_timeout_ms)
		timer_start(&d->limit, d->options.connect_timeout_ms);
	if (!d->lookup)
		d->asked = trace_now();
	if (!d->lookup)
		r = lookup_endpoint(d->loop, d->endpoint, &hints, on_lookup, d, &d->lookup);
	if (r < 0)
		fail_try(d, DIAL_LOCAL, r);
}

struct dial *dial_create(uv_loop_t *loop, const struct endpoint *endpoint,
	const struct dial_options *options, dial_fn *done, dial_progress_fn *progress, void *data)
{
	struct dial *d = xcalloc(1, sizeof(*d));

	assert(loop && endpoint && options && done);
	*d = (struct dial){.endpoint = endpoint,
		.options = *options,
		.data = data,
		.loop = loop,
		.done = done,
		.progress = progress};
	d->options.socket.is_seqpacket = endpoint->is_seqpacket;
	timer_init(&d->stagger, loop, on_stagger, d);
	timer_init(&d->again, loop, on_again, d);
	timer_init(&d->limit, loop, on_limit, d);
	timer_init(&d->delay, loop, start_try, d);
	timer_start(&d->delay, 0);
	return d;
}

struct channel *dial_take(struct dial *d)
{
	struct channel *channel = d->channel;

	assert(d->channel);
	d->channel = NULL;
	return channel;
}

void dial_destroy(struct dial *d)
{
	if (!d)
		return;
	channel_destroy(d->channel);
	end_try(d, d->last.failure, 0);
	if (d->lookup)
		lookup_cancel(d->lookup);
	timer_fini(&d->stagger);
	timer_fini(&d->again);
	timer_fini(&d->limit);
	timer_fini(&d->delay);
	forget_attempts(&d->last);
	address_list_fini(&d->untried);
	free(d);
}
