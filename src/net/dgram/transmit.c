// SPDX-License-Identifier: ISC
#include "net/dgram/transmit.h"

#include "base/mem.h"
#include "base/util.h"
#include "sys/fd_calls.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#define MESSAGES 2048 // of a list, in a batch
#define ROUNDS 32 // batches or reads per turn before others get theirs

static void on_input(struct watch *w, unsigned events)
{
	struct transmit *t = w->data;

	(void)events;
	watch_want(w, 0);
	t->on_ready(t->data);
}

int transmit_start(struct transmit *t, uv_loop_t *loop)
{
	int r = 0;

	// All that one read can bring and the rest of the one before, so that none of it is sent
	// before all of it is known to be good.
	t->room = t->messages ? MESSAGES : SPLITTER_READ + 1;
	t->batch = xcalloc(t->room, sizeof(*t->batch));
	if (t->rate)
		r = pacer_init(&t->pacer, loop, t->rate, t->period, t->on_ready, t->data);
	if (r < 0 || t->messages)
		return r;
	splitter_init(&t->splitter, t->framing, t->block, t->limit);
	r = stdio_init(&t->in, loop, t->input, O_RDONLY, on_input, t);
	if (r == 0 && t->repeat > 1 && t->in.info.kind != FD_FILE)
		r = -ESPIPE;
	t->input_failed = r < 0;
	t->input_place = fd_place(t->in.fd);
	t->is_unchecked = t->input_place.left && t->framing != FRAMING_BLOCK;
	return r;
}

void transmit_fini(struct transmit *t)
{
	stdio_fini(&t->in);
	pacer_fini(&t->pacer);
	splitter_fini(&t->splitter);
	free(t->batch);
	t->batch = NULL;
}

static void add_to_batch(struct transmit *t, struct iovec slice)
{
	t->batch[t->filled++] = (struct send_item){.data = slice, .to = t->to};
}

static void fill_from_messages(struct transmit *t)
{
	while (t->filled < t->room && t->passes < t->repeat) {
		add_to_batch(t, t->messages[t->next_message++]);
		if (t->next_message == t->message_count) {
			t->next_message = 0;
			t->passes++;
		}
	}
	t->at_end = t->filled == 0;
}

// Takes what is in the buffer, or nothing if there is something wrong with a part of it.
static void take_slices(struct transmit *t)
{
	struct iovec slice;
	int r = 0;

	while (t->filled < t->room && (r = splitter_next(&t->splitter, &slice)) > 0)
		if (!t->is_unchecked)
			add_to_batch(t, slice);
	if (r < 0) {
		t->error = r;
		t->input_failed = t->is_invalid = true;
	}
	if (r < 0 || splitter_is_skipping(&t->splitter))
		t->filled = 0;
}

static int rewind_input(struct transmit *t)
{
	off_t r;

	splitter_restart(&t->splitter);
	r = sys_lseek(t->in.fd, t->input_place.position, SEEK_SET);
	return r < 0 ? (int)r : 0;
}

// The input has ended: begins anew if it was only looked through, or is to be repeated.
static int end_pass(struct transmit *t)
{
	if (t->is_unchecked) {
		t->is_unchecked = false;
		return rewind_input(t);
	}
	t->passes++;
	t->at_end = t->passes >= t->repeat;
	return t->at_end ? 0 : rewind_input(t);
}

// Reads more of the input. Returns 0, -EAGAIN, or another negative errno.
static int read_input(struct transmit *t)
{
	size_t len;
	void *room = splitter_room(&t->splitter, &len);
	ssize_t n = stdio_read(&t->in, room, len);

	if (n < 0)
		return (int)n;
	splitter_add(&t->splitter, (size_t)n);
	return 0;
}

// A step towards something in the batch, the end, or an error that is kept. Returns 0, or -EAGAIN
// when the input has nothing now.
static int fill_from_input(struct transmit *t)
{
	int r;

	take_slices(t);
	if (t->filled || t->error)
		return 0;
	r = t->splitter.at_end ? end_pass(t) : read_input(t);
	if (r == -EAGAIN)
		return r;
	if (r < 0 && r != -EINTR) {
		t->error = r;
		t->input_failed = true;
	}
	return 0;
}

static int fill(struct transmit *t)
{
	int r = 0;

	t->filled = t->sent = 0;
	if (t->messages)
		fill_from_messages(t);
	else
		r = fill_from_input(t);
	for (size_t i = 0; t->on_message && i < t->filled; i++)
		t->on_message(t->data, &t->batch[i].data);
	return r;
}

// Sends what is due of the batch. Returns 0, or -EBUSY if nothing is due yet, or what
// sender_send() met.
static int send_batch(struct transmit *t)
{
	size_t count = t->filled - t->sent;

	if (t->rate)
		count = MIN(count, pacer_due(&t->pacer));
	if (!count)
		return -EBUSY;

	int n = sender_send(t->sender, &t->batch[t->sent], count);

	if (n < 0)
		return n;
	for (int i = 0; i < n; i++) {
		const struct iovec *d = &t->batch[t->sent++].data;

		t->bytes += d->iov_len;
		if (t->on_sent)
			t->on_sent(t->data, d);
	}
	t->datagrams += (uint64_t)n;
	if (t->rate)
		pacer_took(&t->pacer, (size_t)n);
	return 0;
}

static int wait_for_input(struct transmit *t)
{
	if (t->rate)
		pacer_pause(&t->pacer);
	watch_want(&t->in.watch, WATCH_READ);
	return TRANSMIT_WAITING;
}

const struct iovec *transmit_failed(const struct transmit *t)
{
	return t->sent < t->filled ? &t->batch[t->sent].data : NULL;
}

int transmit_run(struct transmit *t)
{
	for (int round = 0; round < ROUNDS; round++) {
		int r = 0;

		if (t->sent == t->filled && t->error)
			return t->error;
		if (t->sent == t->filled)
			r = fill(t);
		if (r == -EAGAIN)
			return wait_for_input(t);
		if (t->sent == t->filled && t->at_end)
			return TRANSMIT_DONE;
		if (t->sent == t->filled)
			continue; // there is more to read, or an error
		r = send_batch(t);
		if (r == -EAGAIN || r == -ENOBUFS)
			return TRANSMIT_BLOCKED;
		if (r == -EBUSY) {
			pacer_wait(&t->pacer);
			return TRANSMIT_WAITING;
		}
		if (r < 0)
			return r;
	}
	return TRANSMIT_MORE;
}
