// SPDX-License-Identifier: ISC
#include "opts/also.h"

#include "base/mem.h"

#include <errno.h>
#include <stdlib.h>

static int parse(struct endpoint *p, const char *word, bool ipv4, bool ipv6, struct str *err)
{
	char *words[] = {(char *)word, NULL};
	int r = endpoint_parse(p, ENDPOINT_LISTEN, 1, words, err);

	return r < 0 ? r : endpoint_check_family(p, ipv4, ipv6, err);
}

int also_check(struct also_config *c, bool ipv4, bool ipv6, struct str *err)
{
	struct str why = {0};
	int r = 0;

	c->endpoints = xcalloc(c->words.count, sizeof(*c->endpoints));
	for (size_t i = 0; i < c->words.count && r == 0; i++)
		r = parse(&c->endpoints[i], c->words.items[i], ipv4, ipv6, &why);
	if (r < 0)
		str_addf(err, "--also: %s", str_c(&why));
	str_fini(&why);
	return r;
}

void also_fini(struct also_config *c)
{
	for (size_t i = 0; c->endpoints && i < c->words.count; i++)
		endpoint_fini(&c->endpoints[i]);
	free(c->endpoints);
	c->endpoints = NULL;
}

const struct endpoint *also_place(
	const struct endpoint *first, const struct also_config *also, size_t i)
{
	if (first && i == 0)
		return first;
	i -= first ? 1 : 0;
	return also && i < also->words.count ? &also->endpoints[i] : NULL;
}

bool also_has_path(const struct endpoint *first, const struct also_config *also)
{
	const struct endpoint *p;

	for (size_t i = 0; (p = also_place(first, also, i)); i++)
		if (endpoint_is_path(p))
			return true;
	return false;
}
