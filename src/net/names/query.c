// SPDX-License-Identifier: ISC
#include "net/names/query.h"

#include "base/mem.h"
#include "net/addr/ifaddrs.h"
#include "net/addr/ip.h"
#include "net/names/lookup.h"
#include "net/addr/endpoint.h"
#include "net/addr/ports.h"
#include "sys/netdb.h"
#include "sys/names.h"
#include "sys/resolver.h"

#include <arpa/inet.h>
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

void query_init(struct query *q, const char *word, const char *service)
{
	*q = (struct query){.word = xstrdup(word), .service = service ? xstrdup(service) : NULL};
}

static void host_fini(struct query_host *h)
{
	free(h->name);
	for (size_t i = 0; h->aliases && h->aliases[i]; i++)
		free(h->aliases[i]);
	free(h->aliases);
	free(h->addresses);
}

void query_fini(struct query *q)
{
	if (q->list)
		freeaddrinfo(q->list);
	host_fini(&q->host);
	free(q->name);
	free(q->port_name);
	free(q->word);
	free(q->service);
	*q = (struct query){0};
}

static const char *host_of(const struct query *q)
{
	return strcmp(q->word, QUERY_NO_HOST) == 0 ? NULL : q->word;
}

// Words that the C library takes for an address though they are none to us.
static bool is_loose(const struct query *q)
{
	struct in_addr ignored;

	return !q->address.len && inet_aton(q->word, &ignored);
}

bool query_is_immediate(const struct query *q)
{
	const int numeric = NI_NUMERICHOST | NI_NUMERICSERV;
	bool is_address = q->address.len || is_loose(q);

	switch (q->via) {
	case QUERY_GETADDRINFO:
		return (is_address || !host_of(q)) &&
		       (!q->service || is_port_number(q->service, 0));
	case QUERY_GETNAMEINFO:
		return (q->flags & numeric) == numeric;
	case QUERY_GETHOSTBYNAME:
		return is_address;
	case QUERY_GETIFADDRS:
		return true;
	default:
		return false;
	}
}

// The call wants a host or a service: without either, any port will do.
static void run_getaddrinfo(struct query *q)
{
	const char *service = host_of(q) || q->service ? q->service : "0";

	if (service && is_port_number(service, 0))
		q->hints.ai_flags |= AI_NUMERICSERV;
	errno = 0;
	q->code = sys_getaddrinfo(host_of(q), service, &q->hints, &q->list);
	q->error = -errno;
	if (q->code)
		q->list = NULL;
}

static void run_getnameinfo(struct query *q)
{
	char host[NI_MAXHOST] = "";
	char port[NI_MAXSERV] = "";

	errno = 0;
	q->code = sys_getnameinfo(&q->address.sa, q->address.len, host, sizeof(host), port,
		q->service ? sizeof(port) : 0, q->flags);
	q->error = -errno;
	if (q->code)
		return;
	q->name = xstrdup(host);
	q->port_name = q->service ? xstrdup(port) : NULL;
}

static char **copy_strings(char *const *list)
{
	size_t n = 0;
	char **copy;

	while (list[n])
		n++;
	copy = xcalloc(n + 1, sizeof(*copy));
	for (size_t i = 0; i < n; i++)
		copy[i] = xstrdup(list[i]);
	return copy;
}

static void copy_host(struct query_host *h, const struct hostent *e)
{
	*h = (struct query_host){.name = xstrdup(e->h_name),
		.aliases = copy_strings(e->h_aliases),
		.family = e->h_addrtype,
		.length = e->h_length};
	while (e->h_addr_list[h->count])
		h->count++;
	h->addresses = xcalloc(h->count, sizeof(*h->addresses));
	for (size_t i = 0; i < h->count; i++) {
		struct ip ip = {.family = e->h_addrtype};

		memcpy(ip.bytes, e->h_addr_list[i], ip_bits(ip.family) / 8);
		ip_to_sockaddr(&ip, &h->addresses[i]);
	}
}

// The calls return what the next one overwrites, so that the copy is part of the call. Nothing is
// lost by that: the C library, too, lets one at a time into them.
static void run_gethostby(struct query *q)
{
	static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
	const struct hostent *e;

	pthread_mutex_lock(&lock);
	errno = 0;
	if (q->via == QUERY_GETHOSTBYADDR) {
		struct ip ip = ip_of(&q->address);

		e = sys_gethostbyaddr(ip.bytes, ip_bits(ip.family) / 8, ip.family, &q->herr);
	} else if (q->hints.ai_family == AF_INET6) {
		e = sys_gethostbyname2(q->word, AF_INET6, &q->herr);
	} else {
		e = sys_gethostbyname(q->word, &q->herr);
	}
	q->error = -errno;
	if (e)
		copy_host(&q->host, e);
	pthread_mutex_unlock(&lock);
}

static void on_ifaddr(void *arg, const struct sockaddr_any *address, const char *interface)
{
	struct query *q = arg;
	struct query_host *h = &q->host;

	(void)interface;
	if (q->hints.ai_family != AF_UNSPEC && q->hints.ai_family != address->sa.sa_family)
		return;
	h->addresses = xrealloc(h->addresses, (h->count + 1) * sizeof(*h->addresses));
	h->addresses[h->count++] = *address;
}

static void run_getifaddrs(struct query *q)
{
	q->error = ifaddrs_list(on_ifaddr, q);
	q->code = q->error < 0 ? EAI_SYSTEM : q->host.count ? 0 : EAI_NODATA;
}

void query_run(struct query *q)
{
	bool is_forward = q->via == QUERY_GETADDRINFO || q->via == QUERY_GETHOSTBYNAME;

	if (is_forward && is_loose(q)) {
		q->code = q->via == QUERY_GETADDRINFO ? EAI_NONAME : 0;
		q->herr = q->via == QUERY_GETHOSTBYNAME ? HOST_NOT_FOUND : 0;
	} else if (q->via == QUERY_GETADDRINFO) {
		run_getaddrinfo(q);
	} else if (q->via == QUERY_GETNAMEINFO) {
		run_getnameinfo(q);
	} else if (q->via == QUERY_GETIFADDRS) {
		run_getifaddrs(q);
	} else {
		run_gethostby(q);
	}
}

enum query_outcome query_outcome(const struct query *q)
{
	if (q->herr)
		return q->herr == HOST_NOT_FOUND || q->herr == NO_DATA ? QUERY_NOT_FOUND
								       : QUERY_FAILED;
	switch (q->code) {
	case 0:
		return QUERY_FOUND;
	case EAI_BADFLAGS:
	case EAI_SOCKTYPE:
	case EAI_FAMILY:
		return QUERY_REFUSED;
	default:
		return lookup_is_not_found(q->code) ? QUERY_NOT_FOUND : QUERY_FAILED;
	}
}

static void add_code(struct str *s, const char *text, const struct name_value *names, int code)
{
	str_addf(s, "%s (", text);
	str_add_name(s, names, code);
	str_addc(s, ')');
}

void str_add_query_error(struct str *s, const struct query *q)
{
	bool is_system = q->code == EAI_SYSTEM || q->herr == NETDB_INTERNAL;

	if (is_system && q->error && strerrorname_np(-q->error))
		str_addf(s, "%s (%s)", strerror(-q->error), strerrorname_np(-q->error));
	else if (q->herr)
		add_code(s, sys_hstrerror(q->herr), names_herr, q->herr);
	else if (q->code == EAI_SERVICE)
		str_addf(s, "no such service: %s (EAI_SERVICE)", q->service);
	else if (q->code)
		add_code(s, sys_gai_strerror(q->code), names_eai, q->code);
}
