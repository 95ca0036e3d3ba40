// SPDX-License-Identifier: ISC
// URLs of proxies: refused with a message, or a name that means the same proxy again; wiping leaves
// nothing of what stood before the @.
#include "fuzz.h"

#include "base/mem.h"
#include "proxy/url.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static void check_name(const struct proxy_url *u)
{
	struct proxy_url again;
	struct str err = {0};

	// The name of a Unix socket shows its path, which a URL encodes.
	if (u->endpoint.kind == ENDPOINT_INET && !strchr(u->name, '%')) {
		require(proxy_url_parse(&again, u->name, &err) == 0);
		require(again.scheme == u->scheme && strcmp(again.name, u->name) == 0);
		require(!credentials_given(&again.credentials));
		proxy_url_fini(&again);
	}
	str_fini(&err);
}

static void check_wipe(const char *word)
{
	char *copy = xstrdup(word);
	const char *at = strrchr(copy, '@');
	const char *begin = strstr(copy, "://");

	proxy_url_wipe(copy);
	require(strlen(copy) == strlen(word));
	begin = begin ? begin + 3 : copy;
	for (const char *c = begin; at && c < at; c++)
		require(*c == '*');
	free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct fuzz_words w;

	fuzz_words_init(&w, data, len);
	for (int i = 0; i < w.argc; i++) {
		struct proxy_url u;
		struct str err = {0};
		int r = proxy_url_parse(&u, w.argv[i], &err);

		require(r == 0 || r == -EINVAL);
		if (r < 0)
			require_message(str_c(&err));
		else
			check_name(&u);
		check_wipe(w.argv[i]);
		proxy_url_fini(&u);
		str_fini(&err);
	}
	fuzz_words_fini(&w);
	return 0;
}
