// SPDX-License-Identifier: ISC
#include "talk.h"

#include "unit.h"

#include <stdlib.h>

// Sends whatever is to be sent, one byte first, so that what is left is still right.
static void flush(struct dialogue *d, struct str *sent)
{
	while (d->send.len) {
		size_t n = sent->len ? d->send.len : 1;

		assert_true(d->secret_at + d->secret_len <= d->send.len);
		str_addn(sent, d->send.data, n);
		dialogue_sent(d, n);
	}
	assert_int_equal(d->secret_len, 0);
}

// Gives the dialogue LEN bytes, in memory of their own, so that reading past their end is noticed.
static enum dialogue_step feed(
	struct dialogue *d, const char *data, size_t len, size_t *taken, struct str *sent)
{
	enum dialogue_step step = DIALOGUE_MORE;

	*taken = 0;
	while (step == DIALOGUE_MORE && *taken < len) {
		size_t left = len - *taken;
		char *copy = malloc(left);
		size_t n;

		memcpy(copy, data + *taken, left);
		step = dialogue_read(d, copy, left, &n);
		free(copy);
		*taken += n;
		if (step == DIALOGUE_MORE) {
			assert_true(n > 0); // or a caller would wait for ever
			flush(d, sent);
		}
	}
	return step;
}

static void check_end(const struct talk *t, const struct dialogue *d, enum dialogue_step step)
{
	if (t->failure && step == DIALOGUE_FAILED)
		assert_string_equal(str_c(&d->failure.text), t->failure);
	if (step != t->want)
		fail_msg("%d instead of %d: %s", step, t->want, str_c(&d->failure.text));
	if (step != DIALOGUE_FAILED)
		return;
	assert_int_equal(d->failure.fault, t->fault);
	assert_int_equal(d->failure.hopeless, t->hopeless);
	assert_int_equal(d->failure.other_address, t->other_address);
}

static void check_cut(const struct talk *t, size_t cut)
{
	struct str sent = {0};
	struct str notes = {0};
	size_t first = 0;
	size_t second = 0;
	enum dialogue_step step;
	struct dialogue *d = t->begin(t->arg, &step);

	d->notes = &notes;
	if (step == DIALOGUE_MORE) {
		flush(d, &sent);
		step = feed(d, t->said, cut, &first, &sent);
	}
	if (step == DIALOGUE_MORE)
		step = feed(d, t->said + cut, t->said_len - cut, &second, &sent);
	if (step == DIALOGUE_MORE && t->ends)
		step = dialogue_end(d, 0);
	check_end(t, d, step);
	if (step == DIALOGUE_DONE || step == DIALOGUE_AGAIN)
		assert_int_equal(t->said_len - first - second, t->left);
	assert_int_equal(sent.len, t->sent_len);
	if (sent.len)
		assert_memory_equal(sent.data, t->sent, sent.len);
	dialogue_fini(d);
	str_fini(&sent);
	str_fini(&notes);
}

void talk_check(const struct talk *t)
{
	for (size_t cut = 0; cut <= t->said_len; cut++)
		check_cut(t, cut);
}
