// SPDX-License-Identifier: ISC
#include "rig.h"

#include "loop.h"
#include "unit.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>

const char *const kind_names[] = {"socket", "TCP", "pipe", "file", "appending file"};

static void on_watch(struct watch *w, unsigned events)
{
	(void)w;
	(void)events;
}

// A watch is ready to be wanted, as a relay makes it.
static void watch(struct channel *c, struct rig *r)
{
	assert_int_equal(channel_watch(c, on_watch, r), 0);
}

static int temporary_file(int flags)
{
	char path[] = "/tmp/sockctl-flow-XXXXXX";
	int fd = mkostemp(path, flags | O_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(unlink(path), 0);
	return fd;
}

// NEAR is for the channel, FAR for the test.
static void open_ends(enum kind kind, int *near, int *far, bool near_reads)
{
	int fds[2];

	if (kind == SOCKET)
		assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	else if (kind == TCP)
		tcp_pair(fds);
	else if (kind == PIPE)
		assert_int_equal(pipe(fds), 0);
	else
		fds[0] = fds[1] = temporary_file(kind == APPEND ? O_APPEND : 0);

	// The reading end of a pipe is the first.
	*near = near_reads ? fds[0] : fds[1];
	*far = near_reads ? fds[1] : fds[0];
	if (kind == REGULAR || kind == APPEND)
		*far = dup(*near);
}

static void init_channel(struct rig *r, struct channel *e, enum kind kind, int fd, bool reads)
{
	if (kind == SOCKET || kind == TCP) {
		channel_init_socket(e, &r->loop, fd, true);
		watch(e, r);
		return;
	}

	int null = open("/dev/null", reads ? O_WRONLY : O_RDONLY);

	assert_int_equal(channel_init_stdio(e, &r->loop, reads ? fd : null, reads ? null : fd), 0);
	watch(e, r);
}

void rig_init(struct rig *r, enum kind src, enum kind dst)
{
	int near;

	*r = (struct rig){.src_kind = src, .dst_kind = dst};
	assert_int_equal(uv_loop_init(&r->loop), 0);
	pool_init(&r->pool, &r->loop);
	open_ends(src, &near, &r->feed, true);
	init_channel(r, &r->src, src, near, true);
	open_ends(dst, &near, &r->sink, false);
	init_channel(r, &r->dst, dst, near, false);
	flow_init(&r->f, &r->pool, &r->src, &r->dst);
}

void close_if_open(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

void rig_fini(struct rig *r)
{
	int given[] = {r->src.in, r->src.out, r->dst.in, r->dst.out};
	bool theirs[] = {
		r->src_kind > TCP, r->src_kind > TCP, r->dst_kind > TCP, r->dst_kind > TCP};

	flow_fini(&r->f);
	pool_fini(&r->pool);
	channel_fini(&r->src);
	channel_fini(&r->dst);
	for (size_t i = 0; i < ARRAY_SIZE(given); i++)
		if (theirs[i])
			close_if_open(&given[i]);
	close_if_open(&r->feed);
	close_if_open(&r->sink);
	uv_run(&r->loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(&r->loop), 0);
}

void end_feed(struct rig *r)
{
	close_if_open(&r->feed);
}

static void nothing_seen(struct flow *f, const void *data, size_t len)
{
	(void)f;
	(void)data;
	(void)len;
}

void force_copy(struct rig *r)
{
	flow_own(&r->f)->tap = nothing_seen;
}
