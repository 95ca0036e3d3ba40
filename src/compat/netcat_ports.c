// SPDX-License-Identifier: ISC
// The ports that a netcat is given: http, 80, 20-25.
#include "base/mem.h"
#include "base/value.h"
#include "compat/netcat.h"
#include "net/addr/ports.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

// "25-20" as "20-25": the ends of a range may stand in any order.
static void add_port(struct str *s, const char *word)
{
	size_t len = strcspn(word, "-");
	char *first = xstrndup(word, len);
	uint64_t from, to;

	if (word[len] && parse_uint(first, &from) == 0 && parse_uint(word + len + 1, &to) == 0 &&
		to < from)
		str_addf(s, "%s-%s", word + len + 1, first);
	else
		str_add(s, word);
	free(first);
}

bool netcat_has_many_ports(char *const *words, int count)
{
	return count > 1 ||
	       (count && isdigit((unsigned char)words[0][0]) && strpbrk(words[0], "-,"));
}

void netcat_add_port_list(char *const *words, int count, struct str *list)
{
	for (int i = 0; i < count; i++) {
		if (i)
			str_addc(list, ',');
		add_port(list, words[i]);
	}
}

int netcat_add_ports_in_turn(char *const *words, int count, struct cmdline *out, struct str *err)
{
	struct str port = {0};
	uint16_t low, high;
	int r = 0;

	for (int i = 0; i < count && r == 0; i++) {
		str_clear(&port);
		add_port(&port, words[i]);
		if (parse_ports(str_c(&port), &low, &high) < 0 || !low)
			r = check_port(str_c(&port), 1, err);
		if (r == 0)
			cmdline_add_port(out, str_c(&port));
	}
	str_fini(&port);
	return r;
}
