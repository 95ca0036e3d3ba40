// SPDX-License-Identifier: ISC
#include "net/echo/echo_stream.h"

#include "base/mem.h"
#include "io/fd.h"
#include "sys/file.h"
#include "sys/socket.h"
#include "sys/trace.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define BUFFER_SIZE (64 << 10)

// What a client has sent and does not take back yet.
struct unsent {
	size_t len, done;
	char data[];
};

// What is remembered for the end of a connection.
struct record {
	uint64_t number;
	uint64_t started;
	uint64_t start_time;
	uint64_t received;
	struct sockaddr_any remote;
};

// Thousands of these may be idle, so it holds nothing that can be done without.
struct echo_connection {
	struct echo_streams *streams;
	struct list link;
	struct pollset_item item;
	struct unsent *unsent; // NULL while there is nothing
	struct record *record; // NULL if nobody asks
	uint64_t sent;
	uint64_t active; // ms of the loop's clock, with an idle timeout
};

static void report_end(struct echo_connection *c, enum echo_end end, int error)
{
	const struct record *r = c->record;
	struct echo_closed closed = {.number = r->number,
		.remote = r->remote,
		.started = r->started,
		.start_time = r->start_time,
		.received = r->received,
		.sent = c->sent,
		.end = end,
		.error = error};

	c->streams->on_closed(c->streams->data, &closed);
}

static void close_connection(struct echo_connection *c, enum echo_end end, int error)
{
	struct echo_streams *s = c->streams;

	if (c->record)
		report_end(c, end, error);
	if (c->unsent)
		fd_close_by_reset(c->item.fd, true); // it must not look whole
	sys_close(c->item.fd);
	list_remove(&c->link);
	free(c->unsent);
	free(c->record);
	free(c);
	s->open--;
	s->on_leave(s->data);
}

// Returns how many bytes went, which may be none, or a negative errno.
static ssize_t send_back(struct echo_connection *c, const char *data, size_t len)
{
	ssize_t n = sys_send(c->item.fd, data, len, MSG_DONTWAIT | MSG_NOSIGNAL);

	if (n == -EAGAIN || n == -EINTR)
		return 0;
	if (n > 0) {
		c->sent += (uint64_t)n;
		c->streams->bytes += (uint64_t)n;
	}
	return n;
}

static void keep_unsent(struct echo_connection *c, const char *data, size_t len)
{
	c->unsent = xmalloc(sizeof(*c->unsent) + len);
	c->unsent->len = len;
	c->unsent->done = 0;
	memcpy(c->unsent->data, data, len);
	pollset_want(&c->streams->pollset, &c->item, WATCH_WRITE);
}

// Returns 1 if there was something, 0 at the end, or a negative errno.
static int echo(struct echo_connection *c)
{
	char *buffer = c->streams->buffer;
	ssize_t n = sys_recv(c->item.fd, buffer, BUFFER_SIZE, MSG_DONTWAIT);
	ssize_t sent;

	if (n == -EAGAIN || n == -EINTR)
		return 1;
	if (n <= 0)
		return (int)n;
	if (c->record)
		c->record->received += (uint64_t)n;
	sent = send_back(c, buffer, (size_t)n);
	if (sent < 0)
		return (int)sent;
	if (sent < n)
		keep_unsent(c, buffer + sent, (size_t)(n - sent));
	return 1;
}

static int echo_unsent(struct echo_connection *c)
{
	struct unsent *u = c->unsent;
	ssize_t n = send_back(c, u->data + u->done, u->len - u->done);

	if (n < 0)
		return (int)n;
	u->done += (size_t)n;
	if (u->done == u->len) {
		free(u);
		c->unsent = NULL;
		pollset_want(&c->streams->pollset, &c->item, WATCH_READ);
	}
	return 1;
}

static void touch(struct echo_connection *c)
{
	struct echo_streams *s = c->streams;

	c->active = uv_now(s->loop);
	list_remove(&c->link);
	list_append(&s->connections, &c->link);
}

// After an error, too: receiving or sending tells which, once what came before it was read.
static void on_ready(struct pollset_item *item)
{
	struct echo_connection *c = container_of(item, struct echo_connection, item);
	int r = c->unsent ? echo_unsent(c) : echo(c);

	if (r <= 0)
		close_connection(c, r < 0 ? ECHO_BROKEN : ECHO_DONE, r);
	else if (c->streams->idle_ms)
		touch(c);
}

// All have the same limit, so the longest idle is the next whose time is up.
static void on_idle(void *data)
{
	struct echo_streams *s = data;

	while (!list_empty(&s->connections)) {
		struct echo_connection *c =
			list_entry(s->connections.next, struct echo_connection, link);
		uint64_t idle = uv_now(s->loop) - c->active;

		if (idle < s->idle_ms) {
			timer_start(&s->idle, s->idle_ms - idle);
			return;
		}
		close_connection(c, ECHO_IDLE, 0);
	}
}

int echo_streams_init(struct echo_streams *s, uv_loop_t *loop, void *data)
{
	int r;

	*s = (struct echo_streams){.data = data};
	r = pollset_init(&s->pollset, loop, on_ready);
	if (r < 0)
		return r;
	s->loop = loop;
	s->buffer = xmalloc(BUFFER_SIZE);
	list_init(&s->connections);
	timer_init(&s->idle, loop, on_idle, s);
	return 0;
}

static struct record *new_record(uint64_t number, const struct sockaddr_any *remote)
{
	struct record *r = xcalloc(1, sizeof(*r));
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	*r = (struct record){.number = number,
		.remote = *remote,
		.started = trace_now(),
		.start_time = (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec};
	return r;
}

int echo_streams_add(
	struct echo_streams *s, int fd, uint64_t number, const struct sockaddr_any *remote)
{
	struct echo_connection *c = xcalloc(1, sizeof(*c));
	int r = pollset_add(&s->pollset, &c->item, fd, WATCH_READ);

	assert(s->on_leave);
	assert(!s->keeps_records || s->on_closed);
	if (r < 0) {
		sys_close(fd);
		free(c);
		return r;
	}
	c->streams = s;
	if (s->keeps_records)
		c->record = new_record(number, remote);
	list_append(&s->connections, &c->link);
	s->open++;
	if (s->idle_ms) {
		touch(c);
		if (!timer_is_running(&s->idle))
			timer_start(&s->idle, s->idle_ms);
	}
	return 0;
}

void echo_streams_fini(struct echo_streams *s)
{
	if (!s->loop)
		return;
	while (!list_empty(&s->connections))
		close_connection(list_entry(s->connections.next, struct echo_connection, link),
			ECHO_STOPPED, 0);
	pollset_fini(&s->pollset);
	timer_fini(&s->idle);
	free(s->buffer);
	*s = (struct echo_streams){0};
}
