// SPDX-License-Identifier: ISC
#include "net/names/gai_policy.h"

#include "base/mem.h"
#include "base/value.h"
#include "sys/path.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void add(struct gai_policy_list *l, const char *prefix, const char *value)
{
	struct gai_policy_entry e;
	struct str ignored = {0};
	uint64_t number;

	// A line that the C library does not understand changes nothing there either.
	if (ip_prefix_parse(prefix, &e.prefix, &ignored) == 0 && parse_uint(value, &number) == 0 &&
		number <= INT_MAX) {
		if (e.prefix.ip.family == AF_INET)
			e.prefix.length += 96;
		e.prefix.ip = ip_mapped(&e.prefix.ip);
		e.value = (int)number;
		l->items = xrealloc(l->items, (l->count + 1) * sizeof(*l->items));
		l->items[l->count++] = e;
	}
	str_fini(&ignored);
}

// The first line of a kind replaces all that the C library has of that kind.
static void read_line(struct gai_policy *p, char *line)
{
	static const char blanks[] = " \t\n";
	char *rest = NULL;

	line[strcspn(line, "#")] = '\0';

	const char *kind = strtok_r(line, blanks, &rest);
	const char *prefix = kind ? strtok_r(NULL, blanks, &rest) : NULL;
	const char *value = prefix ? strtok_r(NULL, blanks, &rest) : NULL;

	if (!value)
		return;
	if (strcmp(kind, "label") == 0)
		add(&p->labels, prefix, value);
	else if (strcmp(kind, "precedence") == 0)
		add(&p->precedences, prefix, value);
	else if (strcmp(kind, "scopev4") == 0)
		add(&p->scopes, prefix, value);
}

static void read_file(struct gai_policy *p, const char *path)
{
	FILE *f = sys_fopen(path);
	char *line = NULL;
	size_t size = 0;

	if (!f)
		return;
	while (sys_getline(&line, &size, f) >= 0)
		read_line(p, line);
	free(line);
	sys_fclose(f);
}

static void add_defaults(struct gai_policy *p)
{
	static const struct {
		const char *prefix, *label, *precedence; // NULL: no entry of its own
	} table[] = {
		{"::1/128", "0", "50"},
		{"::/0", "1", "40"},
		{"2002::/16", "2", "30"},
		{"::/96", "3", "20"},
		{"::ffff:0:0/96", "4", "10"},
		{"fec0::/10", "5", NULL},
		{"fc00::/7", "6", NULL},
		{"2001::/32", "7", NULL},
	};
	bool has_labels = p->labels.count;
	bool has_precedences = p->precedences.count;

	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		if (!has_labels)
			add(&p->labels, table[i].prefix, table[i].label);
		if (!has_precedences && table[i].precedence)
			add(&p->precedences, table[i].prefix, table[i].precedence);
	}
	if (p->scopes.count)
		return;
	add(&p->scopes, "169.254.0.0/16", "2");
	add(&p->scopes, "127.0.0.0/8", "2");
}

void gai_policy_init(struct gai_policy *p, const char *path)
{
	*p = (struct gai_policy){
		.labels.fallback = 1, .precedences.fallback = 40, .scopes.fallback = 14};
	read_file(p, path);
	add_defaults(p);
}

void gai_policy_fini(struct gai_policy *p)
{
	free(p->labels.items);
	free(p->precedences.items);
	free(p->scopes.items);
	*p = (struct gai_policy){0};
}

int gai_policy_value(const struct gai_policy_list *l, const struct ip *ip)
{
	const struct gai_policy_entry *best = NULL;

	for (size_t i = 0; i < l->count; i++)
		if ((!best || l->items[i].prefix.length > best->prefix.length) &&
			ip_prefix_has(&l->items[i].prefix, ip))
			best = &l->items[i];
	return best ? best->value : l->fallback;
}
