// SPDX-License-Identifier: ISC
#include "net/addr/interfaces.h"

#include "base/value.h"
#include "sys/resolver.h"

#include <net/if.h>
#include <stddef.h>
#include <string.h>

#define MOST_NAMED 8

void str_add_interfaces(struct str *s)
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
}

int check_interface_name(const char *name, struct str *err)
{
	if (*name && strlen(name) < IF_NAMESIZE)
		return 0;
	return bad_value(err, "--interface", name, "is no name of a network interface");
}

void str_add_no_interface(struct str *s, const char *name)
{
	str_add(s, "there is no interface '");
	str_add_word(s, name, strlen(name));
	str_addc(s, '\'');
	str_add_interfaces(s);
}
