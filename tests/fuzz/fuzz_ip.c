// SPDX-License-Identifier: ISC
// Prefixes of addresses: refused with a message, or a range that holds just what it should.
#include "fuzz.h"

#include "net/addr/ip.h"

#include <errno.h>
#include <string.h>

static void check_text(const struct ip *ip)
{
	struct str text = {0};
	struct ip again;

	str_add_ip(&text, ip);
	require(ip_parse(str_c(&text), &again));
	require(again.family == ip->family && memcmp(again.bytes, ip->bytes, 16) == 0);
	str_fini(&text);
}

static int compare(const struct ip *a, const struct ip *b)
{
	return memcmp(a->bytes, b->bytes, ip_bits(a->family) / 8);
}

static void check_range(const struct ip_prefix *p)
{
	struct ip least = ip_prefix_least(p);
	struct ip greatest = ip_prefix_greatest(p);
	struct ip before = ip_next(&least, -1);
	struct ip after = ip_next(&greatest, 1);

	require(p->length <= ip_bits(p->ip.family));
	require(compare(&least, &p->ip) <= 0 && compare(&p->ip, &greatest) <= 0);
	require(ip_prefix_has(p, &least) && ip_prefix_has(p, &p->ip) &&
		ip_prefix_has(p, &greatest));
	require(p->length == 0 || (!ip_prefix_has(p, &before) && !ip_prefix_has(p, &after)));
	require(p->length > 0 ||
		(compare(&after, &least) == 0 && compare(&before, &greatest) == 0));
	check_text(&least);
	check_text(&greatest);
}

// What else is said about an address: it must only be said about every one.
static void check_words(const struct ip_prefix *p)
{
	struct str s = {0};
	struct ip v4;

	require(*ip_class(&p->ip));
	ip_multicast_scope(&p->ip);
	if (ip_embedded(&p->ip, &v4))
		check_text(&v4);
	str_add_ip_expanded(&s, &p->ip);
	str_add_ip_hex(&s, &p->ip);
	str_add_ip_reverse(&s, &p->ip);
	str_add_ip_count(&s, p);
	str_fini(&s);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct fuzz_words w;

	fuzz_words_init(&w, data, len);
	for (int i = 0; i < w.argc; i++) {
		struct ip_prefix p;
		struct str err = {0};
		int r = ip_prefix_parse(w.argv[i], &p, &err);

		require(r == 0 || r == -EINVAL);
		if (r < 0) {
			require_message(str_c(&err));
		} else {
			check_range(&p);
			check_words(&p);
		}
		str_fini(&err);
	}
	fuzz_words_fini(&w);
	return 0;
}
