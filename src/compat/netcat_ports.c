// SPDX-License-Identifier: ISC
// The ports that a netcat is given: http, 80, 20-25.
#include "base/mem.h"
#include "base/value.h"
#include "compat/netcat.h"
#include "net/addr/ports.h"
#include "net/names/database.h"

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

static void ignore(void *arg, const struct servent *service)
{
	(void)arg;
	(void)service;
}

// No port has its turn before all are known to be some.
static int check(const char *word, bool is_udp, struct str *err)
{
	uint16_t low = 0;
	uint16_t high;
	int r = parse_ports(word, &low, &high);

	if (r == 0 && low)
		return 0;
	if (r == -ERANGE || (r == 0 && low != high))
		return bad_word(err, word, "is out of range: 1 to 65535");
	r = check_port(word, 1, err);
	if (r == 0 && !services_find(word, is_udp ? "udp" : "tcp", ignore, NULL))
		return bad_word(err, word, "is neither a port number nor the name of a service");
	return r;
}

int netcat_add_ports_in_turn(
	char *const *words, int count, bool is_udp, struct cmdline *out, struct str *err)
{
	struct str port = {0};
	int r = 0;

	for (int i = 0; i < count && r == 0; i++) {
		str_clear(&port);
		add_port(&port, words[i]);
		r = check(str_c(&port), is_udp, err);
		if (r == 0)
			cmdline_add_port(out, str_c(&port));
	}
	str_fini(&port);
	return r;
}
