// SPDX-License-Identifier: ISC
// NO_PROXY: a host that is an entry is never sent through a proxy, and a list is what its entries
// are.
#include "fuzz.h"

#include "proxy/bypass.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct fuzz_words w;
	struct str list = {0};
	bool any = false;
	uint16_t port;

	if (len < 2)
		return 0;
	port = (uint16_t)(data[0] << 8 | data[1]);
	fuzz_words_init(&w, data + 2, len - 2);
	for (int i = 1; i < w.argc; i++) {
		any |= bypass_has(w.argv[i], w.argv[0], port);
		str_add(&list, i > 1 ? ", " : "");
		str_add(&list, w.argv[i]);
	}
	require(bypass_has(str_c(&list), w.argv[0], port) == any);
	require(bypass_has("*", w.argv[0], port));
	fuzz_words_fini(&w);
	str_fini(&list);
	return 0;
}
