// SPDX-License-Identifier: ISC
// Lists of ports: refused with a message, or read again as the same set from how it is shown.
#include "fuzz.h"

#include "net/addr/endpoint.h"
#include "net/addr/ports.h"

#include <errno.h>
#include <string.h>

static void check_shown(const struct ports *p)
{
	struct ports again;
	struct str shown = {0};
	struct str err = {0};

	str_add_ports(&shown, p, SIZE_MAX);
	require(ports_parse(&again, str_c(&shown), &err) == 0);
	require(again.count == p->count && again.services.count == 0);
	require(again.range_count == p->range_count);
	require(memcmp(again.ranges, p->ranges, p->range_count * sizeof(*p->ranges)) == 0);
	ports_fini(&again);
	str_fini(&shown);
	str_fini(&err);
}

static void check_services(const struct ports *p)
{
	struct str err = {0};

	for (size_t i = 0; i < p->services.count; i++)
		require(check_port(p->services.items[i], 1, &err) == 0);
	str_fini(&err);
}

static void check(const char *word)
{
	struct ports p;
	struct str err = {0};

	if (ports_parse(&p, word, &err) == 0) {
		require(p.count + p.services.count > 0);
		require(!ports_has(&p, 0));
		check_services(&p);
		if (p.count)
			check_shown(&p);
	} else {
		require_message(str_c(&err));
	}
	ports_fini(&p);
	str_fini(&err);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct fuzz_words w;

	fuzz_words_init(&w, data, len);
	for (int i = 0; i < w.argc; i++)
		check(w.argv[i]);
	fuzz_words_fini(&w);
	return 0;
}
