// SPDX-License-Identifier: ISC
#include "datagram/answers.h"

#include "base/mem.h"

#include <errno.h>
#include <stdlib.h>

static const struct event ev_ignored = {
	"ignored", REPORT_VERBOSE, "{remote} is not answered: a reflector, or a socket of our own"};

void answers_fini(struct answers *a)
{
	free(a->items);
	a->items = NULL;
}

// Ports whose services answer whatever comes: two of them never end (RFC 862, 863, 864, 865, 867,
// 868).
static bool is_reflector(uint16_t port)
{
	static const uint16_t ports[] = {7, 13, 17, 19, 37};

	for (size_t i = 0; i < ARRAY_SIZE(ports); i++)
		if (port == ports[i])
			return true;
	return false;
}

static bool is_own(const struct bound *b, const struct sockaddr_any *a)
{
	for (size_t i = 0; i < b->count; i++)
		if (sockaddr_equal(&b->sockets[i].local, a))
			return true;
	return false;
}

static bool may_answer(struct answers *a, const struct sockaddr_any *to)
{
	if (to->len <= sizeof(sa_family_t)) { // a Unix socket without a name
		app_failf(a->app, STATUS_BROKEN, NULL, "a sender has no address to answer to");
		return false;
	}
	if (!is_reflector(sockaddr_port(to)) && !is_own(a->bound, to))
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
	struct str name = {0};

	str_add_sockaddr(&name, &to->sa, to->len);
	if (error == -EAGAIN)
		app_failf(a->app, STATUS_BROKEN, str_c(&name),
			"an answer was lost: it does not read them");
	else
		app_fail(a->app, STATUS_BROKEN, str_c(&name), error);
	str_fini(&name);
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
