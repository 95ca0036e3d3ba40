// SPDX-License-Identifier: ISC
#include "opts/unix_group.h"

#include "base/value.h"
#include "sys/accounts.h"

#include <errno.h>

int unix_group_check(struct unix_group *g, struct str *err)
{
	const struct group *entry = g->word ? sys_getgrnam(g->word) : NULL;
	uint64_t id = 0;

	if (!g->word)
		return 0;
	if (entry) {
		g->id = entry->gr_gid;
		return 0;
	}
	// The largest number means that nothing is to be changed (chown(2)).
	if (parse_uint(g->word, &id) == 0 && id < UINT32_MAX) {
		g->id = (gid_t)id;
		return 0;
	}
	return bad_value(err, "--group", g->word, "is no group of this system");
}

const gid_t *unix_group_id(const struct unix_group *g)
{
	return g->word ? &g->id : NULL;
}
