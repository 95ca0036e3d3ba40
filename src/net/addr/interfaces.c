// SPDX-License-Identifier: ISC
#include "net/addr/interfaces.h"

#include "base/value.h"
#include "sys/resolver.h"

#include <errno.h>
#include <net/if.h>
#include <stddef.h>
#include <string.h>

#define MOST_NAMED 8

static struct str kept; // what there was at the start: a sandbox lets nobody ask

// Returns false if they cannot be listed.
static bool add_list(struct str *s)
{
	struct if_nameindex *list = sys_if_nameindex();
	size_t count = 0;

	for (; list && list[count].if_index; count++) {
		if (count >= MOST_NAMED)
			continue;
		str_add(s, count ? ", " : "; this machine has ");
		str_add_escaped(s, list[count].if_name, strlen(list[count].if_name));
	}
	if (count > MOST_NAMED)
		str_addf(s, " and %zu more", count - MOST_NAMED);
	if (list)
		if_freenameindex(list);
	return list;
}

void str_add_interfaces(struct str *s)
{
	if (!add_list(s))
		str_add(s, str_c(&kept));
}

int check_interface_name(const char *name, struct str *err)
{
	if (!*name || strlen(name) >= IF_NAMESIZE)
		return bad_value(err, "--interface", name, "is no name of a network interface");
	str_clear(&kept);
	add_list(&kept);
	return 0;
}

int bad_interface(struct str *err, const char *word)
{
	bad_word(err, word, "has an interface that does not exist");
	str_add_interfaces(err);
	return -EINVAL;
}
