// SPDX-License-Identifier: ISC
#include "relay/broker.h"

#include "io/fd.h"
#include "io/pool.h"
#include "relay/relay.h"
#include "sys/file.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#define INPUT_PIECE ((size_t)32 * 1024) // bytes that are read at once
#define NAMED 20 // of those who are there already; more are counted

static bool hears(const struct broker *b)
{
	return b->listener.reader.fanout;
}

static bool has_members(const struct broker *b)
{
	const struct list *first = b->fanout.readers.next;

	return first != &b->fanout.readers &&
	       (first != &b->listener.reader.link || first->next != &b->fanout.readers);
}

// Whom the input does not have to be told, as it is its own.
static const struct fanout_reader *own_reader(const struct broker *b)
{
	return hears(b) ? &b->listener.reader : NULL;
}

static bool wants_input(const struct broker *b)
{
	return b->input.info.kind != FD_FILE && !b->input_ended && has_members(b) &&
	       !b->fanout.is_held_up;
}

static void update(struct broker *b)
{
	watch_want(&b->input.watch, wants_input(b) ? WATCH_READ : 0);
}

// Nobody is left who could say anything, or will come.
static bool is_silent(const struct broker *b)
{
	if (!b->is_complete || (!b->input_ended && b->input.info.kind != FD_FILE))
		return false;
	list_for_each (it, &b->fanout.readers)
		if (!list_entry(it, struct broker_member, reader.link)->has_ended)
			return false;
	return true;
}

// Members learn that they have heard all.
static void on_silent(void *data)
{
	struct broker *b = data;

	list_for_each (it, &b->fanout.readers) {
		struct fanout_reader *r = list_entry(it, struct fanout_reader, link);

		if (r->relay)
			relay_wake(r->relay);
	}
}

// Not at once, for the relay of the last to end is at work and would not see it.
static void end_if_silent(struct broker *b)
{
	if (is_silent(b))
		defer_start(&b->silence);
}

void broker_complete(struct broker *b)
{
	b->is_complete = true;
	end_if_silent(b);
}

static void on_reader_behind(struct fanout *a, struct fanout_reader *reader)
{
	struct broker *b = a->data;

	if (reader != &b->listener.reader) {
		b->options.on_behind(b, container_of(reader, struct broker_member, reader));
		return;
	}
	fanout_leave(reader);
	b->options.on_behind(b, NULL);
}

static void on_room(struct fanout *a)
{
	list_for_each (it, &a->readers) {
		struct fanout_reader *r = list_entry(it, struct fanout_reader, link);

		if (r->is_held_up)
			relay_wake(r->relay);
		r->is_held_up = false;
	}
	a->is_held_up = false;
	update(a->data);
}

static void give_text(struct broker *b, const struct fanout_reader *from, struct str *text)
{
	if (text->len)
		fanout_give(&b->fanout, from, text->data, text->len);
	str_fini(text);
}

static void give(struct broker *b, const struct fanout_reader *from, struct chat_line *line,
	const char *data, size_t len)
{
	struct str lines = {0};

	if (!b->options.is_chat) {
		fanout_give(&b->fanout, from, data, len);
		return;
	}
	chat_line_add(line, data, len, &lines);
	give_text(b, from, &lines);
}

static void end_line(struct broker *b, const struct fanout_reader *from, struct chat_line *line)
{
	struct str rest = {0};

	chat_line_end(line, &rest);
	give_text(b, from, &rest);
}

// It is ready, and yet there is nothing to read.
static bool is_at_end(const struct broker *b)
{
	return fd_waiting(b->input.fd) == 0;
}

static void on_input(struct watch *w, unsigned events)
{
	struct broker *b = w->data;
	char *buffer = pool_buffer(b->options.pool);
	ssize_t n;

	(void)events;
	if (!wants_input(b))
		return;
	if (!fanout_has_room(&b->fanout, own_reader(b)) && !is_at_end(b)) {
		b->fanout.is_held_up = true;
		update(b);
		return;
	}
	n = stdio_read(&b->input, buffer, INPUT_PIECE);
	if (n > 0) {
		give(b, own_reader(b), &b->line, buffer, (size_t)n);
	} else if (n == 0) {
		b->input_ended = true;
		end_line(b, own_reader(b), &b->line);
		end_if_silent(b);
	} else if (n != -EAGAIN && n != -EINTR) {
		b->options.on_failed(b, true, (int)n);
		return;
	}
	update(b);
}

static void on_news(struct fanout *a, struct fanout_reader *reader)
{
	struct broker *b = a->data;

	assert(reader == &b->listener.reader);
	chat_output_wake(&b->output);
}

static void on_output_failed(void *data, int error)
{
	struct broker *b = data;

	fanout_leave(&b->listener.reader);
	b->options.on_failed(b, false, error);
}

static void on_drained(void *data)
{
	struct broker *b = data;

	b->options.on_drained(b);
}

// In its place among the members it has said all that it will.
static int open_output(struct broker *b)
{
	const struct chat_output_options options = {
		.pool = b->options.pool,
		.fd = b->options.out,
		.reader = &b->listener.reader,
		.on_failed = on_output_failed,
		.on_drained = on_drained,
		.data = b,
	};

	b->fanout.on_news = on_news;
	fanout_join(&b->fanout, &b->listener.reader, NULL);
	b->listener.has_ended = true;
	return chat_output_init(&b->output, &options);
}

int broker_init(struct broker *b, const struct broker_options *o)
{
	uv_loop_t *loop = o->pool->loop;
	int r;

	assert(o->pool && o->on_failed && o->on_behind && o->on_drained);
	*b = (struct broker){.options = *o};
	str_add(&b->line.name, "<server>");
	defer_init(&b->silence, loop, on_silent, b);
	fanout_init(&b->fanout, loop, on_reader_behind, on_room, b);
	r = stdio_init(&b->input, loop, o->in, O_RDONLY, on_input, b);
	b->input_start = fd_place(o->in).position;
	return r < 0 || !o->is_chat ? r : open_output(b);
}

bool broker_is_busy(const struct broker *b)
{
	return hears(b) && chat_output_is_busy(&b->output);
}

bool broker_end_output(struct broker *b)
{
	bool is_all = !hears(b) || chat_output_flush(&b->output);

	fanout_leave(&b->listener.reader);
	return is_all;
}

void broker_fini(struct broker *b)
{
	if (!b->options.pool)
		return;
	defer_fini(&b->silence);
	stdio_fini(&b->input);
	chat_output_fini(&b->output);
	fanout_fini(&b->fanout);
	chat_line_fini(&b->line);
}

static ssize_t member_recv(struct channel *e, void *buf, size_t len)
{
	struct broker_member *m = container_of(e, struct broker_member, channel);
	ssize_t n = 0;

	if (m->has_file) {
		n = sys_pread(m->broker->input.fd, buf, len, m->offset);
		if (n)
			m->offset += MAX(n, 0);
		else
			m->has_file = false;
	}
	if (n == 0)
		n = (ssize_t)fifo_take(&m->greeting, buf, len);
	if (n == 0)
		n = (ssize_t)fanout_take(&m->reader, buf, len);
	return n || is_silent(m->broker) ? n : -EAGAIN;
}

// Takes all of it or nothing, so that what came in one read stays together.
static ssize_t member_send(struct channel *e, const void *buf, size_t len)
{
	struct broker_member *m = container_of(e, struct broker_member, channel);

	if (!fanout_has_room(&m->broker->fanout, &m->reader)) {
		m->reader.is_held_up = true;
		return -EAGAIN;
	}
	give(m->broker, &m->reader, &m->line, buf, len);
	return (ssize_t)len;
}

static void end_member(struct broker_member *m)
{
	struct broker *b = m->broker;
	struct str text = {0};

	if (m->has_ended)
		return;
	m->has_ended = true;
	if (b->options.is_chat) {
		end_line(b, &m->reader, &m->line);
		str_addf(&text, "* %s has left\n", str_c(&m->line.name));
		give_text(b, &m->reader, &text);
	}
	end_if_silent(b);
}

// The others go on.
static int member_shut(struct channel *e, int how)
{
	(void)how;
	end_member(container_of(e, struct broker_member, channel));
	return 0;
}

static const struct channel_ops member_ops = {
	.name = "broker", .recv = member_recv, .send = member_send, .shut = member_shut};

// Tells the newcomer who is there.
static void greet(struct broker_member *m)
{
	struct str *text = &m->greeting.bytes;
	size_t others = 0;

	str_addf(text, "* you are %s", str_c(&m->line.name));
	list_for_each (it, &m->broker->fanout.readers) {
		struct broker_member *other = list_entry(it, struct broker_member, reader.link);

		if (other == m || other->has_ended)
			continue;
		if (others < NAMED)
			str_addf(text, "%s %s",
				others ? "," : "; here already:", str_c(&other->line.name));
		others++;
	}
	if (others > NAMED)
		str_addf(text, " and %zu more", others - NAMED);
	str_add(text, others ? "\n" : "; no other users\n");
}

static void announce(struct broker_member *m, const char *place)
{
	struct str text = {0};

	str_addf(&text, "* %s has joined from %s\n", str_c(&m->line.name), place);
	give_text(m->broker, &m->reader, &text);
}

void broker_member_init(struct broker_member *m)
{
	*m = (struct broker_member){0};
	channel_init_member(&m->channel, &member_ops);
}

void broker_join(struct broker *b, struct broker_member *m, struct relay *relay, const char *name,
	const char *place)
{
	assert(m->channel.ops && !m->broker);
	assert(relay);
	m->broker = b;
	m->has_file = b->input.info.kind == FD_FILE;
	m->offset = b->input_start;
	fanout_join(&b->fanout, &m->reader, relay);
	if (b->options.is_chat) {
		str_add(&m->line.name, name);
		greet(m);
		announce(m, place);
	}
	update(b);
}

void broker_leave(struct broker_member *m)
{
	if (!m->broker)
		return;
	end_member(m);
	fanout_leave(&m->reader);
	update(m->broker);
	chat_line_fini(&m->line);
	fifo_fini(&m->greeting);
	m->broker = NULL;
}
