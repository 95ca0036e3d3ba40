// SPDX-License-Identifier: ISC
#include "net/dgram/dgram_channel.h"

#include "base/mem.h"
#include "base/util.h"
#include "io/timer.h"
#include "net/dgram/batch.h"
#include "net/dgram/dgram_socket.h"
#include "net/dgram/error_queue.h"
#include "sys/file.h"
#include "sys/socket.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define EMPTY_MOST 64 // datagrams without a byte that one call passes over

// How a channel goes on where its address refuses.
struct detour {
	struct fallback fallback;
	struct attempt_options socket;
};

struct dgram_channel {
	struct channel channel;
	struct detour *detour; // NULL: there is no other address
	struct batch *batch;
	struct batch_sink sink;
	size_t limit;
	uint64_t end_after_ms; // 0: never
	struct timer end;
	bool has_ended;
	struct str failure;
};

static struct dgram_channel *of(struct channel *c)
{
	return container_of(c, struct dgram_channel, channel);
}

// What is behind the error of a call, in words. Returns the error.
static int explain(struct dgram_channel *d, int error)
{
	struct queued_error e;

	if (error == -EAGAIN || error == -EINTR)
		return error;
	if (!error_queue_take(d->channel.socket, &e))
		return error;
	str_clear(&d->failure);
	str_add_queued_error(&d->failure, &e);
	return e.error;
}

// Sends first what another address has refused. Returns 0 or a negative errno.
static int resend(struct dgram_channel *d)
{
	int r;

	if (!d->detour)
		return 0;
	r = fallback_resend(&d->detour->fallback);
	d->channel.unsent = fallback_left(&d->detour->fallback);
	return r;
}

// Returns whether another address has taken the place of the one that has met ERROR.
static bool moves(struct dgram_channel *d, int error)
{
	const char *reason = d->failure.len ? str_c(&d->failure) : strerror(-error);

	if (!d->detour || !fallback_move(&d->detour->fallback, error, reason))
		return false;
	str_clear(&d->failure);
	if (timer_is_running(&d->end))
		timer_start(&d->end, d->end_after_ms);
	return true;
}

// What a call comes to that has met ERROR: -EAGAIN if it may go better at another address.
static int fail(struct dgram_channel *d, int error)
{
	error = explain(d, error);
	while (error && error != -EAGAIN && error != -EINTR) {
		if (!moves(d, error))
			return error;
		error = explain(d, resend(d));
	}
	return error ? error : -EAGAIN;
}

static int dgram_take_error(struct channel *c)
{
	int error = sys_socket_error(c->socket);
	int told = explain(of(c), -ENOMSG);

	if (told != -ENOMSG)
		error = told;
	return error && moves(of(c), error) ? 0 : error;
}

// Something has come, and so this is the right address.
static void settle(struct dgram_channel *d)
{
	if (d->detour)
		fallback_settle(&d->detour->fallback);
}

static void note_sent(struct dgram_channel *d, const struct iovec *datagrams, size_t count)
{
	if (d->detour)
		fallback_sent(&d->detour->fallback, datagrams, count);
}

static int nothing_now(const struct dgram_channel *d)
{
	return d->has_ended ? 0 : -EAGAIN;
}

static ssize_t dgram_recv(struct channel *c, void *buf, size_t len)
{
	struct dgram_channel *d = of(c);
	int flags = MSG_DONTWAIT | MSG_TRUNC | channel_calls(c)->recv_flags;

	c->has_more = true;
	for (int i = 0; i < EMPTY_MOST; i++) {
		ssize_t n = sys_recv(c->socket, buf, len, flags);

		if (n >= 0)
			settle(d);
		if (n > (ssize_t)len)
			return -EMSGSIZE;
		if (n > 0)
			return n;
		if (n == -EAGAIN) {
			c->has_more = false;
			return nothing_now(d);
		}
		if (n < 0)
			return fail(d, (int)n);
	}
	return -EAGAIN;
}

static ssize_t dgram_send(struct channel *c, const void *buf, size_t len)
{
	struct dgram_channel *d = of(c);
	int flags = MSG_DONTWAIT | MSG_NOSIGNAL | channel_calls(c)->send_flags;
	ssize_t n = resend(d);

	if (n == 0 && !buf)
		return 0; // that was all that was to be done
	if (n == 0)
		n = sys_send(c->socket, buf, MIN(len, d->limit), flags);
	if (n < 0)
		return fail(d, n == -ENOBUFS ? -EAGAIN : (int)n);
	note_sent(d, &(struct iovec){(void *)(uintptr_t)buf, (size_t)n}, 1);
	return n;
}

static int dgram_recv_many(struct channel *c, struct iovec *datagrams, size_t most)
{
	struct dgram_channel *d = of(c);
	int flags = MSG_TRUNC | channel_calls(c)->recv_flags;
	int n = batch_receive(d->batch, c->socket, flags, datagrams, most);

	if (n == -EAGAIN)
		return nothing_now(d);
	if (n < 0)
		return fail(d, n);
	c->has_more = batch_has_more(d->batch);
	settle(d);
	return n;
}

static int dgram_send_many(struct channel *c, const struct iovec *datagrams, size_t count)
{
	struct dgram_channel *d = of(c);
	size_t fit = 0;
	int n = resend(d);

	if (n < 0)
		return fail(d, n);
	while (fit < count && datagrams[fit].iov_len <= d->limit)
		fit++;
	if (!fit) {
		c->lost++;
		return 1;
	}
	d->sink.flags = channel_calls(c)->send_flags;
	n = batch_send(d->batch, &d->sink, datagrams, fit);
	if (n < 0)
		return fail(d, n);
	note_sent(d, datagrams, (size_t)n);
	return n;
}

static int dgram_shut(struct channel *c, int how)
{
	struct dgram_channel *d = of(c);

	if (how == SHUT_RD)
		d->has_ended = true;
	else if (d->end_after_ms)
		timer_start(&d->end, d->end_after_ms);
	return 0;
}

static void on_end(void *data)
{
	struct dgram_channel *d = data;

	d->has_ended = true;
	if (d->channel.watch.cb)
		d->channel.watch.cb(&d->channel.watch, WATCH_READ);
}

static const char *dgram_failure(const struct channel *c)
{
	const struct dgram_channel *d = container_of(c, struct dgram_channel, channel);

	return d->failure.len ? str_c(&d->failure) : NULL;
}

static void dgram_fini(struct channel *c)
{
	struct dgram_channel *d = of(c);

	timer_fini(&d->end);
	str_fini(&d->failure);
	if (d->detour)
		fallback_fini(&d->detour->fallback);
	free(d->detour);
	batch_release();
	if (c->is_private)
		sys_close(c->socket);
}

static const struct channel_ops dgram_ops = {.name = "datagrams",
	.recv = dgram_recv,
	.send = dgram_send,
	.shut = dgram_shut,
	.fini = dgram_fini,
	.failure = dgram_failure,
	.take_error = dgram_take_error,
	.recv_many = dgram_recv_many,
	.send_many = dgram_send_many};

// FD, of FAMILY, is what the channel sends by from now on.
static void use_socket(struct dgram_channel *d, int fd, int family)
{
	struct channel *c = &d->channel;

	c->rd_info = c->wr_info = fd_info_of_socket(family, SOCK_DGRAM);
	d->sink = (struct batch_sink){.fd = fd, .segment_max = batch_segment_max(fd, family)};
	d->limit = dgram_limit(fd, family);
}

static struct dgram_channel *create(uv_loop_t *loop, int fd, int family)
{
	struct dgram_channel *d = xcalloc(1, sizeof(*d));
	struct channel *c = &d->channel;

	channel_init_member(c, &dgram_ops);
	c->watch.loop = loop;
	c->socket = c->rd_fd = c->wr_fd = c->in = c->out = fd;
	d->batch = batch_take();
	use_socket(d, fd, family);
	timer_init(&d->end, loop, on_end, d);
	return d;
}

static void prepare(int fd, int family)
{
	error_queue_open(fd);
	receiver_prepare(fd, 0, family != AF_UNIX);
}

struct channel *dgram_channel_create(uv_loop_t *loop, int fd, int family)
{
	struct dgram_channel *d = create(loop, fd, family);

	d->channel.is_private = true;
	prepare(fd, family);
	return &d->channel;
}

static int move(void *data, const struct sockaddr_any *to)
{
	struct dgram_channel *d = data;
	int family = to->sa.sa_family;
	enum step step;
	int fd = attempt_open(&d->detour->socket, family, SOCK_DGRAM, &step);
	int r = fd < 0 ? fd : attempt_connect(fd, to);

	if (r == 0)
		r = channel_replace_socket(&d->channel, fd);
	if (r < 0 && fd >= 0)
		sys_close(fd);
	if (r < 0)
		return r;
	prepare(fd, family);
	use_socket(d, fd, family);
	return fd;
}

static int send_again(void *data, const struct iovec *datagram)
{
	struct dgram_channel *d = data;

	d->sink.flags = channel_calls(&d->channel)->send_flags;
	return batch_send(d->batch, &d->sink, datagram, 1);
}

void dgram_channel_fall_back(struct channel *c, const struct dgram_others *others)
{
	struct dgram_channel *d = of(c);
	struct detour *detour = d->detour = xcalloc(1, sizeof(*detour));

	assert(c->ops == &dgram_ops && c->is_private);
	detour->socket = others->socket;
	fallback_init(&detour->fallback, &others->at, others->rest);
	detour->fallback.means = (struct fallback_means){move, send_again, d};
	detour->fallback.listener = others->listener;
}

bool dgram_channel_may_move(const struct channel *c)
{
	return c->ops == &dgram_ops && container_of(c, struct dgram_channel, channel)->detour;
}

struct channel *dgram_channel_adopt(uv_loop_t *loop, int fd, int family)
{
	return &create(loop, fd, family)->channel;
}

void dgram_channel_end_after(struct channel *c, uint64_t ms)
{
	of(c)->end_after_ms = ms;
}
