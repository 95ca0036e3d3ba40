// SPDX-License-Identifier: ISC
#include "net/names/lookup.h"

#include "base/mem.h"
#include "io/task.h"
#include "net/addr/ports.h"
#include "sys/resolver.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define MOST_ASKED 32 // at once: each has a thread, and a socket of the resolver

// What is asked, for all who want to know it at the same time.
struct question {
	struct task task;
	struct list link;
	struct list lookups; // who waits for the answer
	uv_loop_t *loop;
	char *host, *service;
	struct addrinfo hints;
	bool is_asked; // by a thread; the others wait until one of these is answered

	// Written by the thread.
	int code;
	int error;
	struct addrinfo *result;
};

struct lookup {
	struct list link;
	struct question *question;
	lookup_fn *cb;
	void *data;
	bool is_answered; // the callback runs
};

// All of the loop's own thread.
static struct list questions = {&questions, &questions}; // without an answer
static unsigned asked;

void address_list_fini(struct address_list *l)
{
	free(l->items);
	*l = (struct address_list){0};
}

struct address_list address_list_from(const struct address_list *l, size_t first)
{
	struct address_list rest = {.count = l->count - first};

	if (!rest.count)
		return rest;
	rest.items = xcalloc(rest.count, sizeof(*rest.items));
	memcpy(rest.items, l->items + first, rest.count * sizeof(*rest.items));
	return rest;
}

static void add_address(struct address_list *l, const struct sockaddr_any *a)
{
	l->items = xrealloc(l->items, (l->count + 1) * sizeof(*l->items));
	l->items[l->count++] = *a;
}

static bool lists(const struct address_list *l, const struct sockaddr_any *a)
{
	for (size_t i = 0; i < l->count; i++)
		if (sockaddr_equal(&l->items[i], a))
			return true;
	return false;
}

struct address_list address_list_of(const struct addrinfo *res)
{
	struct address_list l = {0};
	struct sockaddr_any a;

	for (; res; res = res->ai_next) {
		sockaddr_set(&a, res->ai_addr, res->ai_addrlen);
		if (!lists(&l, &a))
			add_address(&l, &a);
	}
	return l;
}

static void add_any(struct address_list *l, int family, int flags, unsigned port)
{
	struct sockaddr_any a = {0};

	if (family != AF_INET) {
		a.in6.sin6_family = AF_INET6;
		a.in6.sin6_addr = flags & AI_PASSIVE ? in6addr_any : in6addr_loopback;
		a.in6.sin6_port = htons((uint16_t)port);
		a.len = sizeof(a.in6);
		add_address(l, &a);
	}
	if (family != AF_INET6) {
		memset(&a, 0, sizeof(a));
		a.in.sin_family = AF_INET;
		a.in.sin_addr.s_addr = htonl(flags & AI_PASSIVE ? INADDR_ANY : INADDR_LOOPBACK);
		a.in.sin_port = htons((uint16_t)port);
		a.len = sizeof(a.in);
		add_address(l, &a);
	}
}

bool lookup_numeric(const char *host, const char *service, int family, int flags, int *code,
	struct address_list *list)
{
	struct sockaddr_any a;

	*list = (struct address_list){0};
	*code = 0;
	if (!is_port_number(service, 0))
		return false;

	unsigned port = (unsigned)strtoul(service, NULL, 10);

	if (!host) {
		add_any(list, family, flags, port);
		return true;
	}
	if (numeric_address(host, port, &a)) {
		if (family != AF_UNSPEC && family != a.sa.sa_family)
			*code = EAI_ADDRFAMILY;
		else
			add_address(list, &a);
		return true;
	}
	if (is_loose_address(host)) {
		*code = EAI_NONAME;
		return true;
	}
	return false;
}

static void free_question(struct question *q)
{
	if (q->result)
		freeaddrinfo(q->result);
	free(q->host);
	free(q->service);
	free(q);
}

static void release(struct task *t)
{
	free_question(container_of(t, struct question, task));
}

// A callback may start other look-ups, and cancel any of these.
static void answer(struct list *lookups, int code, int error, const struct addrinfo *result)
{
	while (!list_empty(lookups)) {
		struct lookup *l = list_entry(lookups->next, struct lookup, link);

		list_remove(&l->link);
		l->is_answered = true;
		l->cb(l->data, code, error, address_list_of(result));
		free(l);
	}
}

static void work(struct task *t)
{
	struct question *q = container_of(t, struct question, task);

	q->code = sys_getaddrinfo(q->host, q->service, &q->hints, &q->result);
	q->error = -errno;
	if (q->code)
		q->result = NULL;
}

static void done(struct task *t);

// Returns 0 or a negative errno; then the question is gone.
static int ask(struct question *q)
{
	int r = task_start(&q->task, q->loop, work, done, release);

	if (r < 0)
		return r;
	q->is_asked = true;
	asked++;
	return 0;
}

static void ask_next(void)
{
	list_for_each (it, &questions) {
		struct question *q = list_entry(it, struct question, link);
		int r;

		if (q->is_asked)
			continue;
		r = ask(q);
		assert(r == 0); // the thread that has just answered takes it
		(void)r;
		return;
	}
}

static void done(struct task *t)
{
	struct question *q = container_of(t, struct question, task);

	list_remove(&q->link);
	asked--;
	ask_next();
	answer(&q->lookups, q->code, q->error, q->result);
}

static bool is_same_text(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

static bool is_same(const struct question *a, const struct question *b)
{
	return a->loop == b->loop && is_same_text(a->host, b->host) &&
	       is_same_text(a->service, b->service) && a->hints.ai_family == b->hints.ai_family &&
	       a->hints.ai_socktype == b->hints.ai_socktype &&
	       a->hints.ai_protocol == b->hints.ai_protocol &&
	       a->hints.ai_flags == b->hints.ai_flags;
}

static struct question *find(const struct question *wanted)
{
	list_for_each (it, &questions) {
		struct question *q = list_entry(it, struct question, link);

		if (is_same(q, wanted))
			return q;
	}
	return NULL;
}

// Returns a question like this, asked or waiting for that, or NULL with *ERROR set.
static struct question *find_or_ask(const struct question *wanted, int *error)
{
	struct question *q = find(wanted);

	*error = 0;
	if (q)
		return q;
	q = xcalloc(1, sizeof(*q));
	*q = *wanted;
	q->host = wanted->host ? xstrdup(wanted->host) : NULL;
	q->service = wanted->service ? xstrdup(wanted->service) : NULL;
	list_init(&q->lookups);
	if (asked < MOST_ASKED)
		*error = ask(q);
	if (*error < 0)
		return NULL;
	list_append(&questions, &q->link);
	return q;
}

struct lookup *lookup_start(
	uv_loop_t *loop, const struct lookup_words *words, lookup_fn *cb, void *data, int *error)
{
	const struct question wanted = {.loop = loop,
		.host = (char *)words->host,
		.service = (char *)words->service,
		.hints = words->hints};
	struct question *q = find_or_ask(&wanted, error);
	struct lookup *l;

	if (!q)
		return NULL;
	l = xmalloc(sizeof(*l));
	*l = (struct lookup){.question = q, .cb = cb, .data = data};
	list_append(&q->lookups, &l->link);
	return l;
}

int lookup_host(uv_loop_t *loop, const struct lookup_words *words, lookup_fn *cb, void *data,
	struct lookup **lookup)
{
	struct lookup_words wanted = *words;
	struct address_list list;
	int code;
	int error;

	if (lookup_numeric(words->host, words->service, words->hints.ai_family,
		    words->hints.ai_flags, &code, &list)) {
		cb(data, code, 0, list);
		return 0;
	}
	if (is_port_number(words->service, 0))
		wanted.hints.ai_flags |= AI_NUMERICSERV;
	*lookup = lookup_start(loop, &wanted, cb, data, &error);
	return *lookup ? 0 : error;
}

int lookup_endpoint(uv_loop_t *loop, const struct endpoint *endpoint, const struct addrinfo *hints,
	lookup_fn *cb, void *data, struct lookup **lookup)
{
	const struct lookup_words words = {endpoint->host, endpoint->service, *hints};
	struct address_list one = {0};

	switch (endpoint->kind) {
	case ENDPOINT_INET:
		return lookup_host(loop, &words, cb, data, lookup);
	case ENDPOINT_UNIX:
		add_address(&one, &endpoint->unix_address);
		cb(data, 0, 0, one);
		return 0;
	case ENDPOINT_FD:
		break;
	}
	return -EINVAL;
}

void lookup_cancel(struct lookup *l)
{
	struct question *q = l->question;

	if (l->is_answered)
		return;
	list_remove(&l->link);
	free(l);
	if (q->is_asked || !list_empty(&q->lookups))
		return;
	list_remove(&q->link);
	free_question(q);
}

bool lookup_is_not_found(int code)
{
	return code == EAI_NONAME || code == EAI_SERVICE || code == EAI_NODATA ||
	       code == EAI_ADDRFAMILY || code == EAI_FAMILY;
}

const char *lookup_strerror(int code)
{
	return sys_gai_strerror(code);
}
