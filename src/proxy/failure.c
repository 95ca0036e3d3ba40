// SPDX-License-Identifier: ISC
#include "proxy/failure.h"

#include "base/util.h"

#define MAX_WORDS 64 // bytes of what a proxy says that are shown

void proxy_failure_fini(struct proxy_failure *f)
{
	str_fini(&f->text);
	*f = (struct proxy_failure){0};
}

void proxy_add_words(struct str *s, const void *data, size_t len)
{
	str_add_escaped(s, data, MIN(len, (size_t)MAX_WORDS));
	if (len > MAX_WORDS)
		str_add(s, "...");
}
