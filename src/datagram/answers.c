// SPDX-License-Identifier: ISC
#include "datagram/answers.h"

#include "base/mem.h"
#include "net/dgram/reflection.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

// Answers that could not be sent for the same reason.
struct answer_failure {
	struct str object; // whom the first was for; empty: who has no address
	struct str message;
	int error; // a negative errno, or 0
	uint64_t again; // after the first
};

void answers_fini(struct answers *a)
{
	for (size_t i = 0; i < a->failure_count; i++) {
		str_fini(&a->failures[i].object);
		str_fini(&a->failures[i].message);
	}
	free(a->failures);
	free(a->items);
	a->failures = NULL;
	a->items = NULL;
	a->failure_count = 0;
}

static void say_failure(const struct answers *a, const struct answer_failure *f)
{
	struct str message = {0};

	str_addn(&message, f->message.data, f->message.len);
	if (f->again)
		str_addf(&message, ", and %" PRIu64 " more like it", f->again);
	report_error(&a->app->out, STATUS_BROKEN, f->object.len ? str_c(&f->object) : NULL,
		str_c(&message), f->error);
	app_fail_quietly(a->app, STATUS_BROKEN);
	str_fini(&message);
}

// Tells the first failure of its kind, and counts the others. There are as many kinds as reasons,
// which are few. TO is NULL for one without an address.
static void fail_answer(
	struct answers *a, const struct sockaddr_any *to, const char *message, int error)
{
	struct answer_failure *f;

	for (size_t i = 0; i < a->failure_count; i++) {
		f = &a->failures[i];
		if (f->error == error && strcmp(str_c(&f->message), message) == 0) {
			f->again++;
			return;
		}
	}
	a->failures = xrealloc(a->failures, (a->failure_count + 1) * sizeof(*f));
	f = &a->failures[a->failure_count++];
	*f = (struct answer_failure){.error = error};
	if (to)
		str_add_sockaddr(&f->object, &to->sa, to->len);
	str_add(&f->message, message);
	say_failure(a, f);
}

void answers_report_failures(const struct answers *a)
{
	for (size_t i = 0; i < a->failure_count; i++)
		if (a->failures[i].again)
			say_failure(a, &a->failures[i]);
}

static bool goes_round(const struct bound *b, const struct sockaddr_any *source)
{
	for (size_t i = 0; i < b->count; i++)
		if (is_reflection(source, &b->sockets[i].local))
			return true;
	return false;
}

static bool may_answer(struct answers *a, const struct sockaddr_any *to)
{
	if (to->len <= sizeof(sa_family_t)) { // a Unix socket without a name
		fail_answer(a, NULL, "a sender has no address to answer to", 0);
		return false;
	}
	if (to->sa.sa_family != AF_UNIX &&
		!sockaddr_port(to)) { // who wants no answer may say so (RFC 768)
		fail_answer(a, to, "a sender has no port to answer to", 0);
		return false;
	}
	if (!goes_round(a->bound, to))
		return true;
	report(&a->app->out, &ev_ignored, F_ADDR("remote", to));
	return false;
}

void answers_add(struct answers *a, const struct received *m, const void *data, size_t len)
{
	if (!may_answer(a, m->source))
		return;
	if (a->count == a->size) {
		a->size = MAX((size_t)RECEIVER_MESSAGES, 2 * a->size);
		a->items = xrealloc(a->items, a->size * sizeof(*a->items));
	}
	a->items[a->count++] = (struct send_item){
		.data = {(void *)data, len},
		.to = m->source,
		.from = m->reply_from.len ? &m->reply_from : NULL,
	};
}

static void report_failure(struct answers *a, const struct sockaddr_any *to, int error)
{
	if (error == -EAGAIN)
		fail_answer(a, to, "an answer was lost: it does not read them", 0);
	else
		fail_answer(a, to, strerror(-error), error);
}

// Leaves COUNT items behind.
static void count_sent(struct answers *a, size_t count)
{
	for (size_t i = 0; i < count; i++)
		a->stats->sent_bytes += a->items[a->done++].data.iov_len;
	a->stats->sent += count;
}

void answers_send(struct answers *a, struct sender *sender, const struct sockaddr_any *peer)
{
	for (size_t i = 0; peer->len && i < a->count; i++)
		a->items[i].to = NULL;
	while (a->done < a->count) {
		const struct send_item *item = &a->items[a->done];
		const struct sockaddr_any *to = item->to ? item->to : peer;
		int n = sender_send(sender, item, a->count - a->done);

		// A Unix socket cannot wait for a receiver that is full, and must not for one that
		// never reads.
		if ((n == -EAGAIN && to->sa.sa_family != AF_UNIX) || n == -ENOBUFS)
			return;
		if (n >= 0) {
			count_sent(a, (size_t)n);
		} else {
			report_failure(a, to, n);
			a->done++;
		}
	}
	a->done = a->count = 0;
}

bool answers_are_waiting(const struct answers *a)
{
	return a->done < a->count;
}
