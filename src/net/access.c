// SPDX-License-Identifier: ISC
#include "net/access.h"

#include "base/mem.h"
#include "base/value.h"
#include "net/addr/ip.h"

#include <search.h>
#include <stdlib.h>
#include <string.h>

#define NETWORK_BYTES 8 // of an IPv6 address (RFC 4291 section 2.5.4)
#define ZEROES_BEFORE_MAPPED 80
#define MAPPED_BITS 96 // before the IPv4 address in a mapped one (RFC 4291 section 2.5.5.2)

// Peers that come as mapped addresses are known by their IPv4 address, and so must be the ranges.
static void unmap(struct ip_prefix *p)
{
	struct ip v4;

	if (p->length < MAPPED_BITS || strcmp(ip_class(&p->ip), "mapped") != 0 ||
		!ip_embedded(&p->ip, &v4))
		return;
	p->ip = v4;
	p->length -= MAPPED_BITS;
}

// Nobody comes from a range that holds the mapped addresses and neighbours of them alone: those are
// known by their IPv4 address, and nothing else is assigned below ::ffff:0:0.
static bool is_of_nobody(const struct ip_prefix *p)
{
	static const struct ip mapped = {.family = AF_INET6, .bytes = {[10] = 0xff, 0xff}};

	return p->ip.family == AF_INET6 && p->length > ZEROES_BEFORE_MAPPED &&
	       p->length < MAPPED_BITS && ip_prefix_has(p, &mapped);
}

static int add(struct ip_range **list, size_t *count, const char *word, struct str *err)
{
	struct ip_range range;
	int r = ip_range_parse(word, &range, err);

	if (r < 0)
		return r;
	if (is_of_nobody(&range.prefix))
		return bad_word(err, word,
			"is a range that no client comes from; write IPv4 ranges such as "
			"0.0.0.0/0");
	unmap(&range.prefix);
	*list = xrealloc(*list, (*count + 1) * sizeof(**list));
	(*list)[(*count)++] = range;
	return 0;
}

int access_allow(struct access *a, const char *word, struct str *err)
{
	return add(&a->allowed, &a->allowed_count, word, err);
}

int access_deny(struct access *a, const char *word, struct str *err)
{
	return add(&a->denied, &a->denied_count, word, err);
}

static bool is_ip(const struct sockaddr_any *a)
{
	return a->len && (a->sa.sa_family == AF_INET || a->sa.sa_family == AF_INET6);
}

static bool is_in(const struct ip_range *list, size_t count, const struct sockaddr_any *a)
{
	for (size_t i = 0; i < count; i++)
		if (ip_range_has(&list[i], a))
			return true;
	return false;
}

const char *access_refusal(const struct access *a, const struct sockaddr_any *peer)
{
	if (!a->allowed_count && !a->denied_count)
		return NULL;
	if (!is_ip(peer))
		return a->allowed_count ? "not allowed" : NULL;

	struct sockaddr_any plain = *peer;

	sockaddr_unmap(&plain);
	if (is_in(a->denied, a->denied_count, &plain))
		return "denied";
	if (a->allowed_count && !is_in(a->allowed, a->allowed_count, &plain))
		return "not allowed";
	return NULL;
}

void access_fini(struct access *a)
{
	free(a->allowed);
	free(a->denied);
	*a = (struct access){0};
}

struct tally_entry {
	struct ip ip;
	uint64_t count;
};

static int compare(const void *a, const void *b)
{
	const struct tally_entry *x = a;
	const struct tally_entry *y = b;

	return memcmp(&x->ip, &y->ip, sizeof(x->ip));
}

static struct ip key_of(const struct sockaddr_any *peer)
{
	struct sockaddr_any plain = *peer;

	sockaddr_unmap(&plain);
	if (!is_ip(&plain))
		return (struct ip){.family = AF_UNIX};

	struct ip ip = ip_of(&plain);

	if (ip.family == AF_INET6 && !IN6_IS_ADDR_LINKLOCAL(&plain.in6.sin6_addr))
		memset(ip.bytes + NETWORK_BYTES, 0, sizeof(ip.bytes) - NETWORK_BYTES);
	return ip;
}

static struct tally_entry *find(const struct tally *t, const struct sockaddr_any *peer)
{
	struct tally_entry key = {.ip = key_of(peer)};
	struct tally_entry **found = tfind(&key, &t->tree, compare);

	return found ? *found : NULL;
}

uint64_t tally_count(const struct tally *t, const struct sockaddr_any *peer)
{
	const struct tally_entry *e = find(t, peer);

	return e ? e->count : 0;
}

void tally_add(struct tally *t, const struct sockaddr_any *peer)
{
	struct tally_entry *e = find(t, peer);

	if (!e) {
		e = xcalloc(1, sizeof(*e));
		e->ip = key_of(peer);
		if (!tsearch(e, &t->tree, compare))
			out_of_memory();
	}
	e->count++;
}

void tally_remove(struct tally *t, const struct sockaddr_any *peer)
{
	struct tally_entry *e = find(t, peer);

	if (!e || --e->count)
		return;
	tdelete(e, &t->tree, compare);
	free(e);
}

void tally_fini(struct tally *t)
{
	tdestroy(t->tree, free);
	t->tree = NULL;
}
