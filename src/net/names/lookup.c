// SPDX-License-Identifier: ISC
#include "net/names/lookup.h"

#include "base/mem.h"
#include "io/task.h"
#include "net/addr/ports.h"
#include "sys/resolver.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct lookup {
	struct task task;
	char *host, *service;
	struct addrinfo hints;
	lookup_fn *cb; // NULL once cancelled
	void *data;

	// Written by the thread.
	int code;
	int error;
	struct addrinfo *result;
};

void address_list_fini(struct address_list *l)
{
	free(l->items);
	*l = (struct address_list){0};
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

static void release(struct task *t)
{
	struct lookup *l = container_of(t, struct lookup, task);

	if (l->result)
		freeaddrinfo(l->result);
	free(l->host);
	free(l->service);
	free(l);
}

static void done(struct task *t)
{
	struct lookup *l = container_of(t, struct lookup, task);

	if (l->cb)
		l->cb(l->data, l->code, l->error, address_list_of(l->result));
}

static void work(struct task *t)
{
	struct lookup *l = container_of(t, struct lookup, task);

	l->code = sys_getaddrinfo(l->host, l->service, &l->hints, &l->result);
	l->error = -errno;
	if (l->code)
		l->result = NULL;
}

struct lookup *lookup_start(uv_loop_t *loop, const char *host, const char *service,
	const struct addrinfo *hints, lookup_fn *cb, void *data, int *error)
{
	struct lookup *l = xcalloc(1, sizeof(*l));

	l->host = host ? xstrdup(host) : NULL;
	l->service = service ? xstrdup(service) : NULL;
	l->hints = *hints;
	l->cb = cb;
	l->data = data;
	*error = task_start(&l->task, loop, work, done, release);
	return *error < 0 ? NULL : l;
}

int lookup_host(uv_loop_t *loop, const char *host, const char *service,
	const struct addrinfo *hints, lookup_fn *cb, void *data, struct lookup **lookup)
{
	struct addrinfo asked = *hints;
	struct address_list list;
	int code;
	int error;

	if (lookup_numeric(host, service, hints->ai_family, hints->ai_flags, &code, &list)) {
		cb(data, code, 0, list);
		return 0;
	}
	if (is_port_number(service, 0))
		asked.ai_flags |= AI_NUMERICSERV;
	*lookup = lookup_start(loop, host, service, &asked, cb, data, &error);
	return *lookup ? 0 : error;
}

int lookup_endpoint(uv_loop_t *loop, const struct endpoint *endpoint, const struct addrinfo *hints,
	lookup_fn *cb, void *data, struct lookup **lookup)
{
	struct address_list one = {0};

	switch (endpoint->kind) {
	case ENDPOINT_INET:
		return lookup_host(
			loop, endpoint->host, endpoint->service, hints, cb, data, lookup);
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
	l->cb = NULL;
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
